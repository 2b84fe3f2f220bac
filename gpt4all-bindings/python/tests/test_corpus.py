"""Every case of the conformance corpus, and whether the corpus is what it should be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from corpus_tools.conformance.results import record
from corpus_tools.expectations import check, check_status
from corpus_tools.places import CORPUS, load_files
from corpus_tools.runner import Case, MissingModelError, model_path

FILES = load_files()
CASES = {case["id"]: case for file in FILES.values() for case in file["cases"]}


@pytest.mark.parametrize("case_id", CASES)
def test_case(case_id: str, library: str, tmp_path: Path) -> None:
    case = CASES[case_id]
    try:
        model_path(case["model"])
    except MissingModelError as error:
        record("cases", case_id, {"skipped": str(error)})
        pytest.skip(str(error))
    running = Case(case, tmp_path)
    try:
        for number, (step, outcome) in enumerate(running.run()):
            _check_step(f"{case['title']}: step {number} ({step['do']})", step, outcome, running.outcomes)
    except Exception as error:
        record("cases", case_id, {"failed": str(error), "outcomes": running.outcomes})
        raise
    record("cases", case_id, {"outcomes": running.outcomes})


def _check_step(where: str, step: Any, outcome: Any, outcomes: list[Any]) -> None:
    try:
        check_status(step, outcome)
        for expectation in step.get("expect", []):
            check(expectation, outcome, outcomes)
    except AssertionError as error:
        raise AssertionError(f"{where}: {error}") from None


def _schema(name: str) -> Any:
    return json.loads((CORPUS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("topic", FILES)
def test_the_files_are_as_their_schema_says(topic: str) -> None:
    jsonschema.Draft202012Validator(_schema("cases.schema.json")).validate(FILES[topic])
    assert FILES[topic]["topic"] == topic


def test_the_manifest_is_as_its_schema_says() -> None:
    manifest = _schema("models.json")
    jsonschema.Draft202012Validator(_schema("models.schema.json")).validate(manifest)
    assert {case["model"] for case in CASES.values()} <= set(manifest["models"])


def test_ids_are_unique_and_begin_with_their_topic() -> None:
    ids = [(topic, case["id"]) for topic, file in FILES.items() for case in file["cases"]]
    assert len(ids) == len(CASES)
    assert [id_ for topic, id_ in ids if not id_.startswith(topic + "-")] == []


def test_cases_are_in_the_order_of_their_ids() -> None:
    for topic, file in FILES.items():
        ids = [case["id"] for case in file["cases"]]
        assert ids == sorted(ids), topic


@pytest.mark.parametrize("topic", FILES)
def test_every_language_can_read_the_values(topic: str) -> None:
    """JavaScript's numbers are doubles, and no string of UTF-8 has half a surrogate pair."""
    for value in _values(FILES[topic]):
        if isinstance(value, int | float):
            assert math.isfinite(value)
            assert abs(value) < 2**53
        elif isinstance(value, str):
            value.encode("utf-8")


def _values(value: Any) -> Iterator[Any]:
    """Every key and value in a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _values(item)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item)
    else:
        yield value


def test_there_are_enough_cases() -> None:
    large = sum(case["model"] == "smollm2" for case in CASES.values())
    assert len(CASES) - large >= 150
    assert large >= 40


def test_every_status_that_a_user_can_cause_occurs() -> None:
    names = set(_schema("cases.schema.json")["$defs"]["status"]["enum"])
    seen = {"ok"}
    for case in CASES.values():
        for step in case["steps"]:
            seen |= {call.get("status", "ok") for call in step.get("requests", [step])}
            seen |= {item["equals"] for item in step.get("expect", []) if item["at"].endswith("/poll_status")}
    assert names - seen == {"internal"}  # is a defect of the library wherever it occurs
