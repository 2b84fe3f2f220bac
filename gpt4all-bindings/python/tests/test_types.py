"""The types of options and results are the schema's."""

from __future__ import annotations

import json

import gpt4all
from conftest import ROOT
from gpt4all import types

SCHEMA = ROOT / "gpt4all-backend" / "schema" / "llmodel.schema.json"


def schema() -> dict[str, object]:
    text: dict[str, object] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return text


def test_options_that_methods_take_by_name_are_left_out() -> None:
    assert "max_tokens" in types.ChatOptions.__annotations__ or "max_tokens" in types.Generation.__annotations__
    assert "messages" not in types.ChatOptions.__annotations__
    assert "stream" not in types.ChatOptions.__annotations__
    assert types.Usage.__required_keys__ == {"prompt_tokens", "total_tokens"}


def test_the_library_has_the_same_schema(library: str) -> None:
    assert gpt4all.schema() == schema(), f"{library} was built from another schema"
