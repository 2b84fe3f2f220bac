"""JSON Schemas that `make bench` compiles to grammars, each with a text that it admits."""

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
_COLOURS = [f"colour-{number * 7919 % 100003}" for number in range(2000)]


def cases() -> list[Case]:
    """All schemas, in the order of the tables."""
    kinds = (_TEXT, {"type": "integer"}, {"type": "boolean"})
    many = {f"property_{number}": kinds[number % 3] for number in range(1000)}
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
        Case("pattern", {"type": "string", "pattern": "^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$"}, "(555)123-4567"),
    ]
