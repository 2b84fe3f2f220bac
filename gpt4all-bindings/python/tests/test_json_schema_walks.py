"""What the grammars of JSON Schemas admit: random texts of each, judged by the package jsonschema."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import jsonschema
import pydantic
import pytest

from gpt4all._json_schema import schema_of

WALKER = Path(os.environ.get("GPT4ALL_LIBRARY", "")).absolute().parent / "walk_grammar"
WALKS = 60
pytestmark = pytest.mark.skipif(not WALKER.is_file(), reason="the build has no walk_grammar beside the library")

Json = dict[str, Any]


def ask(schema: Any, texts: list[str], seed: int = 1) -> Json:
    """What tests/walk_grammar.cpp says of a schema: texts that its grammar admits, and which of these it does."""
    question = json.dumps({"schema": schema, "walks": WALKS, "seed": seed, "texts": texts})
    done = subprocess.run([WALKER], input=question + "\n", capture_output=True, text=True, timeout=120, check=True)
    answer: Json = json.loads(done.stdout)
    return answer


def check(schema: Any, valid: list[Any]) -> None:
    """Every walked text is valid, and these values are admitted as json.dumps() writes them."""
    spelled = [json.dumps(value, ensure_ascii=False) for value in valid]
    answer = ask(schema, spelled)
    assert "error" not in answer, answer
    # jsonschema reckons as Python does, and 0.3 is no multiple of 0.1 in floats
    judge = jsonschema.Draft202012Validator(
        exact(json.dumps(schema)), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    walked = [text for text in answer["walked"] if text is not None]
    assert len(walked) > WALKS / 2
    for text in walked:
        judge.validate(exact(text))
    for text, accepted in zip(spelled, answer["accepted"], strict=True):
        judge.validate(exact(text))
        assert accepted, text


def exact(text: str) -> Any:
    return json.loads(text, parse_float=decimal.Decimal)


def closed(**properties: Any) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SCHEMAS: dict[str, tuple[Any, list[Any]]] = {
    "anything": (True, [None, [1, {"a": "b"}], "x"]),
    "number range": ({"type": "number", "minimum": -1, "exclusiveMaximum": 0.5}, [-1, -0.25, 0, 0.49]),
    "small numbers": ({"type": "number", "exclusiveMinimum": 0, "maximum": 1e-7}, []),
    "large integers": ({"type": "integer", "minimum": 2**63, "maximum": 2**64 - 1}, [2**63, 2**64 - 1]),
    "multiples": ({"type": "number", "multipleOf": 0.5, "minimum": -3, "maximum": 3}, [-3, -0.5, 0, 1.5]),
    "lengths": ({"type": "string", "minLength": 2, "maxLength": 4}, ["ab", "é\U0001f600x"]),
    "pattern": ({"type": "string", "pattern": r"^[A-Z]{2}-\d{3}\.?$"}, ["AB-123", "AB-123."]),
    "patterns together": (
        {"type": "string", "allOf": [{"pattern": "[a-z]"}, {"pattern": "[0-9]"}], "maxLength": 6},
        ["a1", "x-9_"],
    ),
    "pattern of escapes": ({"type": "string", "pattern": '^["\\\\/\x07é]{1,3}$'}, ['"\\', "\x07é/"]),
    "tail": ({"type": "string", "pattern": "^a.*$", "maxLength": 9}, ["a", "ab c"]),
    "tuple": ({"type": "array", "prefixItems": [{"type": "boolean"}], "items": {"type": "null"}}, [[], [True, None]]),
    "unique": ({"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 2}, [[3, 1]]),
    "map": ({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1}, [{"a": 1}]),
    "others": (
        {"type": "object", "properties": {"foo": {"type": "boolean"}}, "additionalProperties": {"type": "integer"}},
        [{}, {"foo": True, "fo": 1, "fool": 2, "": 3, '"': 4}],
    ),
    "patterns of names": (
        {
            "type": "object",
            "patternProperties": {"^x": {"type": "integer"}, "y$": {"type": "number", "minimum": 3}},
            "additionalProperties": {"type": "boolean"},
        },
        [{"xa": -1, "xy": 4, "z": True}],
    ),
    "names": ({"type": "object", "propertyNames": {"enum": ["a", "b"]}}, [{"a": 1, "b": None}]),
    "some of them": (
        {**closed(a={"const": 1}, b={"const": 2}), "required": [], "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        [{"a": 1}, {"b": 2}, {"a": 1, "b": 2}],
    ),
    "counted": (
        {**closed(a={}, b={}, c={}, d={}), "required": ["c"], "minProperties": 2, "maxProperties": 3},
        [{"a": 1, "c": 2}, {"a": 1, "b": 2, "c": 3}],
    ),
    "dependent": (
        {**closed(a={"const": 1}, b={"const": 2}), "required": [], "dependentRequired": {"a": ["b"]}},
        [{}, {"b": 2}, {"a": 1, "b": 2}],
    ),
    "beside $ref": (
        {"$ref": "#/$defs/n", "maximum": 3, "$defs": {"n": {"type": "integer", "minimum": 0, "maximum": 9}}},
        [0, 3],
    ),
    "tree": (
        {
            "$ref": "#/$defs/t",
            "$defs": {"t": closed(v={"type": "integer"}, t={"type": "array", "items": {"$ref": "#/$defs/t"}})},
        },
        [{"v": 1, "t": [{"v": 2, "t": []}]}],
    ),
    "discriminated": (
        {"oneOf": [closed(k={"const": "a"}, x={"type": "integer"}), closed(k={"const": "b"}, y={"type": "null"})]},
        [{"k": "a", "x": 5}, {"k": "b", "y": None}],
    ),
    "all of": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer", "minimum": 2}}, "required": ["a"]},
                {"properties": {"a": {"maximum": 4}, "b": {"enum": ["x", "y"]}}},
            ]
        },
        [{"a": 3}, {"a": 2, "b": "x"}],
    ),
    **{
        f"format {name}": ({"type": "string", "format": name}, [value])
        for name, value in {
            "date": "2024-02-29",
            "time": "23:59:59+01:00",
            "date-time": "2024-02-29T12:00:00.123456Z",
            "duration": "P1DT2H",
            "email": "ada.lovelace@example.org",
            "hostname": "www.example.org",
            "ipv4": "127.0.0.1",
            "ipv6": "fe80::1",
            "uuid": "123e4567-e89b-12d3-a456-426614174000",
            "uri": "https://example.org:8080/a/b?c=d#e",
            "uri-reference": "../a?b",
            "json-pointer": "/a~1b/0",
        }.items()
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_texts_of_the_grammar_are_valid(name: str) -> None:
    check(*SCHEMAS[name])


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: float = 0


class Options(TypedDict, total=False):
    unit: Literal["m", "ft"]
    on: bool


@dataclasses.dataclass
class Node:
    value: Annotated[int, pydantic.Field(ge=0, lt=10)]
    next: Node | None = None


@dataclasses.dataclass
class Everything:
    name: Annotated[str, pydantic.Field(min_length=1, max_length=5)]
    colour: Colour
    day: datetime.date
    moment: datetime.datetime
    at: datetime.time
    key: uuid.UUID
    price: decimal.Decimal
    point: Point
    pair: tuple[int, str]
    tags: list[str]
    table: dict[str, int]
    options: Options
    maybe: int | None = None


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int = pydantic.Field(ge=1, le=9)


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    tricks: list[str] = []


class Order(pydantic.BaseModel):
    pet: Cat | Dog = pydantic.Field(discriminator="kind")
    price: decimal.Decimal
    weight: decimal.Decimal = pydantic.Field(max_digits=5, decimal_places=2)
    day: datetime.date
    moment: datetime.datetime
    wait: datetime.timedelta
    key: uuid.UUID
    colour: Colour
    code: str = pydantic.Field(pattern=r"^[A-Z]{3}-\d{3}$")
    score: float = pydantic.Field(ge=0, le=1)
    step: int = pydantic.Field(multiple_of=5, gt=0)
    colours: set[Colour] = set()
    home: pydantic.AnyUrl | None = None
    notes: dict[str, int | str] = {}
    pair: tuple[int, bool] = (1, True)


@pytest.mark.parametrize("kind", [Node, Everything, Options, Point, dict[str, Colour], list[Node]])
def test_types_of_python(kind: Any) -> None:
    check(schema_of(kind), [])


def test_types_of_pydantic() -> None:
    schema = schema_of(Order)
    check(schema, [])
    for text in ask(schema, [])["walked"]:
        Order.model_validate_json(text)
