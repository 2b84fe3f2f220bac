"""Whether each row of the table of keywords in docs/response-format.md is true, which is made from keywords.json."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import corpus_tools.schemas
import pytest
from corpus_tools.schemas.checks import Checker
from corpus_tools.schemas.walks import WALKS, fault, judge_of
from jsonschema_specifications import REGISTRY

ROWS: list[dict[str, Any]] = json.loads(
    (Path(corpus_tools.schemas.__file__).parent / "keywords.json").read_text(encoding="utf-8")
)
ENFORCED = [(row, schema) for row in ROWS for schema in row.get("enforced", ())]
CHECKED = [each for row in ROWS for each in row.get("checked", ())]
REFUSED = [each for row in ROWS for each in row.get("refused", ())]
IGNORED = [schema for row in ROWS for schema in row.get("ignored", ())]
OF_2019 = {"$recursiveRef", "$recursiveAnchor"}


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker(Path(os.environ["GPT4ALL_WALK_GRAMMAR"]))
    yield made
    made.close()


@pytest.mark.parametrize(("row", "schema"), ENFORCED, ids=lambda each: json.dumps(each)[:60])
def test_what_holds_does(row: dict[str, Any], schema: Any, checker: Checker) -> None:
    found = checker.check(schema, strict=True, walks=WALKS)
    assert not found.refused
    assert len(found.walked) >= WALKS / 2
    assert [each for each in checker.check(schema, found.walked).faults if each is not None] == []
    if row.get("judge", True):
        judge = judge_of(schema, "draft2020-12")
        texts = (
            found.walked if "nullable" not in json.dumps(schema) else [each for each in found.walked if each != "null"]
        )
        assert [wrong for text in texts if (wrong := fault(judge, text))] == []


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: json.dumps(case["schema"])[:60])
def test_what_is_checked_is_refused_if_strict(case: dict[str, Any], checker: Checker) -> None:
    assert checker.check(case["schema"], strict=True).refused
    found = checker.check(
        case["schema"], [json.dumps(each) for each in (*case["valid"], *case["invalid"])], walks=WALKS
    )
    assert not found.refused
    count = len(case["valid"])
    assert found.faults[:count] == [None] * count
    assert all(found.faults[count:])
    assert found.walked


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: json.dumps(case["schema"])[:60])
def test_what_is_refused_is_so_even_if_not_strict(case: dict[str, Any], checker: Checker) -> None:
    for strict in (True, False):
        found = checker.check(case["schema"], strict=strict)
        assert found.refused
        assert found.keyword == case["keyword"]


@pytest.mark.parametrize("schema", IGNORED, ids=lambda schema: json.dumps(schema)[:60])
def test_what_describes_is_ignored(schema: Any, checker: Checker) -> None:
    assert not checker.check(schema, strict=True).refused
    assert checker.check(schema, ['"any text"', '""']).faults == [None, None]
    assert all(checker.check(schema, ["1"]).faults)


def test_the_table_has_all_keywords() -> None:
    told = {name for row in ROWS for name in (*row["keywords"], *row.get("silent", ()))}
    draft7 = REGISTRY.contents("http://json-schema.org/draft-07/schema#")["properties"]
    known = set(draft7)
    for uri in REGISTRY:
        if uri.startswith("https://json-schema.org/draft/2020-12/meta/"):
            known |= set(REGISTRY.contents(uri).get("properties", {}))
    assert len(known) > 50
    assert known - OF_2019 - told == set()


def test_rows_have_examples() -> None:
    for row in ROWS:
        assert any(row.get(key) for key in ("enforced", "ignored", "refused")), row["keywords"]
        if row.get("otherwise") == "checked":
            assert row["checked"], row["keywords"]
        if str(row.get("otherwise", "")).startswith("refused"):
            assert row["refused"], row["keywords"]
