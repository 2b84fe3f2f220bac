"""The list of what may differ from jinja2, and why: differences.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("differences.json")


@lru_cache
def _read() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    assert all(entry["reason"] for entry in whole["templates"])
    return whole


def entries() -> Sequence[Mapping[str, Any]]:
    """Templates, the conversations that they render in another way, in which way, and why."""
    found: Sequence[Mapping[str, Any]] = _read()["templates"]
    return found


def of_template(name: str) -> Mapping[str, str]:
    """For each conversation that a template may render in another way: in which."""
    return {
        conversation: entry["kind"]
        for entry in entries()
        if name in entry["templates"]
        for conversation in entry["conversations"]
    }


def listed_templates() -> set[str]:
    """Those that the list has anything about."""
    return {name for entry in entries() for name in entry["templates"]}


def of_expressions() -> Mapping[str, str]:
    """The reason for each expression whose value may differ."""
    reasons: Mapping[str, str] = _read()["expressions"]
    return reasons
