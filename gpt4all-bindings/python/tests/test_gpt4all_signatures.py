"""The public names, parameters and defaults of release 2.8.2, written down by compatibility/record_signatures.py."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import _pyllmodel

TABLE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "gpt4all_2_8_2_signatures.json").read_text(encoding="utf-8")
)
CLASSES = {"GPT4All": gpt4all.GPT4All, "Embed4All": gpt4all.Embed4All, "LLModel": _pyllmodel.LLModel}


def _members() -> Iterator[Any]:
    for owner in CLASSES:
        for name, row in TABLE[owner].items():
            yield pytest.param(owner, name, row, id=f"{owner}.{name}")


@pytest.mark.parametrize("name", TABLE["exports"])
def test_exports(name: str) -> None:
    assert name in gpt4all.__all__
    assert hasattr(gpt4all, name)


@pytest.mark.parametrize("name", TABLE["gpt4all.gpt4all"]["names"])
def test_names_of_the_module(name: str) -> None:
    assert hasattr(importlib.import_module("gpt4all.gpt4all"), name)


def test_the_last_resort_of_templates() -> None:
    module = importlib.import_module("gpt4all.gpt4all")
    assert TABLE["gpt4all.gpt4all"]["DEFAULT_PROMPT_TEMPLATE"] == module.DEFAULT_PROMPT_TEMPLATE


@pytest.mark.parametrize(("owner", "name", "row"), list(_members()))
def test_member(owner: str, name: str, row: dict[str, Any]) -> None:
    class_ = CLASSES[owner]
    member = inspect.getattr_static(class_, name)
    if row["is"] == "property":
        assert isinstance(member, property)
    elif row["is"] == "constant":
        assert getattr(class_, name) == row["value"]
    else:
        assert type(member).__name__ == {"method": "function"}.get(row["is"], row["is"])
        _same_parameters(getattr(class_, name), row["parameters"])


def _same_parameters(function: Any, rows: list[dict[str, Any]]) -> None:
    """Ours may have more, as long as calls that were right still are, by position and by keyword."""
    ours = dict(inspect.signature(function).parameters)
    positional = [row["name"] for row in rows if row["kind"] == "POSITIONAL_OR_KEYWORD"]
    assert [name for name, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD][: len(positional)] == positional
    for row in rows:
        parameter = ours.pop(row["name"])
        assert parameter.kind.name == row["kind"]
        if "default" in row:
            default = parameter.default
            assert (default.__name__ if callable(default) else default) == row["default"]
        else:
            assert parameter.default is parameter.empty
    for parameter in ours.values():
        optional = parameter.default is not parameter.empty
        assert optional or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)


def test_the_table_is_not_empty() -> None:
    assert len(list(_members())) > 25
