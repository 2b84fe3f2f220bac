"""Python's types of options and results are the schema's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generate import schema
from generate.build import ROOT, SCHEMA, combine, describe
from generate.emitters import python_types


def text() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def made(nodes: dict[str, Any]) -> str:
    """What the emitter makes of a schema."""
    (file,) = python_types.emit(combine(describe().header, schema.parse(nodes))).values()
    return file


def test_the_committed_file_is_what_the_schema_gives() -> None:
    committed = (ROOT / python_types.PATH).read_text(encoding="utf-8")
    assert committed == made(text()), "run make generate"


@pytest.mark.parametrize(("old", "new"), [("max_tokens", "max_words"), ('"cached_tokens"', '"reused_tokens"')])
def test_a_changed_schema_gives_another_file(old: str, new: str) -> None:
    whole = json.dumps(text())
    assert old in whole
    assert made(json.loads(whole.replace(old, new))) != made(text())


def test_an_operation_without_a_name_is_noticed() -> None:
    changed = text()
    changed["$defs"]["sing_options"] = {"type": "object", "properties": {"key": {"type": "string"}}}
    with pytest.raises(ValueError, match="sing_options"):
        made(changed)


def test_a_result_without_a_place_is_noticed() -> None:
    changed = text()
    changed["$defs"]["pitch"] = {"type": "object", "properties": {"hertz": {"type": "number"}}}
    changed["$defs"]["usage"]["properties"]["pitch"] = {"$ref": "#/$defs/pitch"}
    with pytest.raises(ValueError, match="pitch is part of a result"):
        made(changed)


def test_pairs_are_sequences_of_what_may_stand_in_them() -> None:
    (line,) = [line for line in made(text()).splitlines() if line.strip().startswith("logit_bias:")]
    assert line.endswith("Mapping[str, Any] | Sequence[Sequence[int | str | float | Literal[False]]] | None")
