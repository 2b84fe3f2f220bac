"""The types of options and results are the schema's."""

from __future__ import annotations

import json

import pytest

import generate_types
import gpt4all
from gpt4all import types


def schema() -> dict[str, object]:
    text: dict[str, object] = json.loads(generate_types.SCHEMA.read_text(encoding="utf-8"))
    return text


def test_the_committed_file_is_what_the_schema_gives() -> None:
    committed = generate_types.OUTPUT.read_text(encoding="utf-8")
    assert committed == generate_types.generate(schema()), "run generate_types.py"


@pytest.mark.parametrize(("old", "new"), [("max_tokens", "max_words"), ('"cached_tokens"', '"reused_tokens"')])
def test_a_changed_schema_gives_another_file(old: str, new: str) -> None:
    text = json.dumps(schema())
    assert old in text
    assert generate_types.generate(json.loads(text.replace(old, new))) != generate_types.generate(schema())


def test_an_operation_without_a_name_is_noticed() -> None:
    changed = schema()
    definitions = changed["$defs"]
    assert isinstance(definitions, dict)
    definitions["sing_request"] = {"type": "object"}
    with pytest.raises(ValueError, match="sing_request"):
        generate_types.generate(changed)


def test_options_that_methods_take_by_name_are_left_out() -> None:
    assert "max_tokens" in types.ChatOptions.__annotations__ or "max_tokens" in types.Generation.__annotations__
    assert "messages" not in types.ChatOptions.__annotations__
    assert "stream" not in types.ChatOptions.__annotations__
    assert types.Usage.__required_keys__ == {"prompt_tokens", "total_tokens"}


def test_the_library_has_the_same_schema(library: str) -> None:
    assert gpt4all.schema() == schema(), f"{library} was built from another schema"
