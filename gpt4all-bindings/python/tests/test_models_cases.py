"""Every case of downloading that all bindings share, and whether the list is what it should be."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from misbehaving_answers import Answer
from misbehaving_server import content_of

from download_cases import CASES, CATALOGUE, KINDS, SHARED, Run, Server, case_server
from models_helpers import cache

__all__ = ["cache", "case_server"]

SCHEMA: dict[str, Any] = json.loads((CATALOGUE / "download-cases.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case_id", [id_ for id_ in CASES if not id_.startswith("recovers-")])
def test_case(case_server: Server, cache: Path, case_id: str) -> None:
    """Those whose ids begin with "recovers-" are in test_models_download.py."""
    Run(case_server, cache).case(CASES[case_id])


def test_the_list_is_as_its_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(SHARED)
    assert len(CASES) == len(SHARED["cases"])
    assert set(KINDS) == set(SCHEMA["$defs"]["error"]["properties"]["kind"]["enum"])


def test_the_contents_are_the_servers() -> None:
    for name, told in SHARED["contents"].items():
        found = hashlib.sha256(content_of(told["id"], told["size"], told["version"])).hexdigest()
        assert found == told["sha256"], name


def _steps_in_addresses() -> set[str]:
    paths = re.findall(r'"(?:\$\{\w+\}|hf://\w+)/\w+/\d+/([^/"]+)/', json.dumps(SHARED["cases"]))
    return {step.partition("-")[0] for path in paths for step in path.split("+")}


def test_every_way_to_misbehave_occurs_and_is_described() -> None:
    ways = {name for name in vars(Answer) if not name.startswith("_")}
    assert ways == _steps_in_addresses()
    table = (CATALOGUE / "README.md").read_text(encoding="utf-8").partition("| Step |")[2].partition("\n\n")[0]
    described = re.findall(r"^\| `([a-z0-9]+)(?:-N)?` \|", table, re.MULTILINE)
    assert ways == set(described)


def test_every_kind_of_error_occurs() -> None:
    seen = {step["error"]["kind"] for case in CASES.values() for step in case["steps"] if "error" in step}
    assert seen == set(KINDS)
