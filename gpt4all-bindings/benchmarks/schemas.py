"""JSON Schemas that `make bench` compiles to grammars, each with a text that it admits, and some that it decodes by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field


@dataclass(frozen=True)
class Case:
    """A schema, its short name and a text that is valid under it, in the order of its properties."""

    name: str
    schema: dict[str, Any]
    value: Any

    def asked(self) -> dict[str, Any]:
        """As a worker is asked for it."""
        return {"name": self.name, "schema": self.schema, "text": json.dumps(self.value, separators=(",", ":"))}


class _Line(BaseModel):
    article: str = Field(min_length=1, max_length=80)
    count: int = Field(ge=1, le=99)
    price: float = Field(ge=0)


class _Order(BaseModel):
    """What somebody ordered."""

    number: str = Field(pattern="^[A-Z]{2}-[0-9]{6}$")
    customer: str
    email: str | None = None
    lines: list[_Line] = Field(min_length=1)


def _nested(depth: int) -> tuple[dict[str, Any], Any]:
    schema: dict[str, Any] = {"type": "string"}
    value: Any = "leaf"
    for _ in range(depth):
        schema = {
            "type": "object",
            "properties": {"inner": schema, "count": {"type": "integer"}},
            "required": ["inner"],
            "additionalProperties": False,
        }
        value = {"inner": value}
    return schema, value


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_TEXT = {"type": "string"}
_USER = _object({"login": _TEXT, "id": {"type": "integer"}, "site_admin": {"type": "boolean"}}, ["login", "id"])
_ISSUE = _object(
    {
        "number": {"type": "integer"},
        "title": _TEXT,
        "body": {"type": ["string", "null"]},
        "state": {"enum": ["open", "closed"]},
        "state_reason": {"enum": ["completed", "reopened", "not_planned", None]},
        "locked": {"type": "boolean"},
        "user": {"anyOf": [_USER, {"type": "null"}]},
        "labels": {"type": "array", "items": _object({"name": _TEXT, "color": _TEXT}, ["name"])},
        "assignees": {"type": "array", "items": _USER},
        "comments": {"type": "integer"},
    },
    ["number", "title", "state", "user", "labels"],
)
_PHONE = "^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$"
_COLOURS = [f"colour-{number * 7919 % 100003}" for number in range(2000)]


_KINDS = (_TEXT, {"type": "integer"}, {"type": "boolean"})


def _many_properties() -> dict[str, Any]:
    return {f"property_{number}": _KINDS[number % 3] for number in range(1000)}


def decoded() -> dict[str, dict[str, Any]]:
    """Schemas by whose grammars a model writes, by their names: none of the answers is short."""
    many = _many_properties()
    weather = {"enum": ["sun", "rain", "snow", "fog", "wind"]}
    items = {
        "small object": _object({"name": _TEXT, "age": {"type": "integer"}}, ["name", "age"]),
        "enums": _object({"colour": {"enum": _COLOURS}, "weather": weather}, ["colour", "weather"]),
        "pattern": {"type": "string", "pattern": _PHONE},
        "depth 30": _nested(30)[0],
    }
    answers: dict[str, dict[str, Any]] = {
        name: {"type": "array", "items": item, "minItems": 200} for name, item in items.items()
    }
    return {**answers, "1,000 properties": _object(many, list(many))}


def cases() -> list[Case]:
    """All schemas, in the order of the tables."""
    many = _many_properties()
    deep, deep_value = _nested(30)
    issue = {
        "number": 7, "title": "It does not start", "state": "open", "user": {"login": "ada", "id": 1},
        "labels": [{"name": "bug"}],
    }  # fmt: skip
    order = {
        "number": "AB-123456", "customer": "Ada",
        "lines": [{"article": "Bread", "count": 2, "price": 3.5}],
    }  # fmt: skip
    return [
        Case(
            "1,000 properties", _object(many, ["property_0", "property_999"]), {"property_0": "a", "property_999": "b"}
        ),
        Case("depth 30", deep, deep_value),
        Case("Pydantic model", _Order.model_json_schema(), order),
        Case("GitHub issue", _ISSUE, issue),
        Case("enum of 2,000", {"enum": _COLOURS}, _COLOURS[1234]),
        Case("pattern", {"type": "string", "pattern": _PHONE}, "(555)123-4567"),
    ]
