"""Python's types as JSON Schemas and back, and what docstrings say of parameters."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypedDict, TypeVar, Union

import jsonschema
import pydantic
import pytest

from gpt4all import InvalidArgumentError, _docstrings
from gpt4all._from_json import MismatchError, convert
from gpt4all._json_schema import schema_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class City:
    """A place with people."""

    name: str
    people: Annotated[int, "how many"] = 0
    twin: City | None = None
    tags: list[str] = dataclasses.field(default_factory=list)


class Trip(TypedDict, total=False):
    to: City
    colour: Colour


class Point(NamedTuple):
    x: float
    y: float = 0.0


Number = NewType("Number", int)
U = TypeVar("U")


class Box(Generic[U]):
    pass


@dataclasses.dataclass
class Ge:
    """As annotated_types and Pydantic have it."""

    ge: int


@dataclasses.dataclass
class MaxLen:
    max_length: int


@dataclasses.dataclass
class MinLen:
    min_length: int


ALIKE: list[tuple[Any, Any, Any]] = [
    (str, "é", "é"),
    (int, 3, 3),
    (int, 3.0, 3),
    (float, 3, 3.0),
    (bool, True, True),
    (None, None, None),
    (Any, {"a": [1]}, {"a": [1]}),
    (Number, 4, 4),
    (Literal["a", 1, True], True, True),
    (Literal["a", 1, True], 1, 1),
    (Colour, "blue", Colour.BLUE),
    (Optional[int], None, None),  # noqa: UP045
    (Union[int, str], "3", "3"),  # noqa: UP007
    (float | int, 3, 3),
    (list[int], [1, 2], [1, 2]),
    (list, [1, "a"], [1, "a"]),
    (Sequence[Colour], ["red"], [Colour.RED]),
    (set[int], [1, 2], {1, 2}),
    (frozenset[str], ["a", "b"], frozenset({"a", "b"})),
    (tuple[int, str], [1, "a"], (1, "a")),
    (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
    (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
    (Mapping[str, Any], {"a": None}, {"a": None}),
    (City, {"name": "Oslo"}, City("Oslo")),
    (City, {"name": "Oslo", "twin": {"name": "Rome", "people": 3}}, City("Oslo", 0, City("Rome", 3))),
    (Trip, {"to": {"name": "Oslo"}, "colour": "red"}, {"to": City("Oslo"), "colour": Colour.RED}),
    (Point, {"x": 1}, Point(1.0)),
    (datetime.date, "2026-11-22", datetime.date(2026, 11, 22)),
    (datetime.datetime, "2026-11-22T10:00:00+01:00", datetime.datetime.fromisoformat("2026-11-22T10:00:00+01:00")),
    (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID(int=0x12345678123456781234567812345678)),
    (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
    (pathlib.Path, "/a", pathlib.Path("/a")),
    (Annotated[int, Ge(3)], 3, 3),
    (Annotated[list[int], MaxLen(1)], [1], [1]),
]


@pytest.mark.parametrize(("type_", "value", "expected"), ALIKE)
def test_values_that_fit(type_: Any, value: Any, expected: Any) -> None:
    schema = schema_of(type_)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema)
    converted = convert(value, type_)
    assert converted == expected
    assert type(converted) is type(expected)


class Palette(pydantic.BaseModel):
    all: set[str]
    best: frozenset[Colour] = pydantic.Field(frozenset(), min_length=2)


@dataclasses.dataclass
class Colours:
    all: set[str]
    best: Annotated[frozenset[Colour], MinLen(2)] = frozenset()


@pytest.mark.parametrize("type_", [Palette, Colours])
def test_sets_have_no_item_twice(type_: Any) -> None:
    schema = schema_of(type_)
    for name in ("all", "best"):
        assert schema["properties"][name]["uniqueItems"] is True
    jsonschema.validate({"all": ["a", "b"], "best": ["red", "blue"]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"all": ["a", "a"]}, schema)


def test_a_set_is_read_even_from_items_that_are_equal() -> None:
    assert convert([1, 1, 2], set[int]) == {1, 2}


UNLIKE: list[tuple[Any, Any, str]] = [
    (str, 3, ""),
    (int, "3", ""),
    (int, 3.5, ""),
    (int, True, ""),
    (float, "x", ""),
    (bool, 1, ""),
    (None, 0, ""),
    (Literal["a", 1], True, ""),
    (Colour, "green", ""),
    (Union[int, str], [], ""),  # noqa: UP007
    (list[int], [1, "a"], "/1"),
    (list[int], {}, ""),
    (tuple[int, str], [1], ""),
    (dict[str, int], {"a": "b"}, "/a"),
    (City, {}, ""),
    (City, {"name": "Oslo", "mayor": "?"}, ""),
    (City, {"name": 3}, "/name"),
    (City, {"name": "Oslo", "tags": [1]}, "/tags/0"),
    (Trip, {"to": 3}, "/to"),
    (Annotated[int, Ge(3)], 2, ""),
    (Annotated[list[int], MaxLen(1)], [1, 2], ""),
]


@pytest.mark.parametrize(("type_", "value", "place"), UNLIKE)
def test_values_that_do_not_fit(type_: Any, value: Any, place: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema_of(type_))
    with pytest.raises(MismatchError) as caught:
        convert(value, type_)
    assert caught.value.place == place


def test_dates_that_are_none() -> None:
    for type_, text in ((datetime.date, "2026-13-01"), (uuid.UUID, "1"), (decimal.Decimal, "x")):
        with pytest.raises(MismatchError):
            convert(text, type_)


def test_descriptions_and_defaults() -> None:
    properties = schema_of(Trip)["properties"]["to"]
    assert properties == {"$ref": "#/$defs/City"}
    city = schema_of(City)["$defs"]["City"]
    assert city["description"] == "A place with people."
    assert city["properties"]["people"] == {"type": "integer", "description": "how many", "default": 0}
    assert city["required"] == ["name"]
    assert "description" not in schema_of(Point)


def test_two_recursive_types_of_one_name() -> None:
    here = dataclasses.make_dataclass("City", [("inner", City)])
    schema = schema_of(here)
    value = {"inner": {"name": "a", "twin": {"name": "b"}}}
    jsonschema.validate(value, schema)
    assert convert(value, here).inner.twin.name == "b"


@pytest.mark.parametrize("type_", [Box[int], dict[int, str], complex, bytes, Literal[b"x"], object()])
def test_types_that_json_has_nothing_like(type_: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        schema_of(type_)


GOOGLE = """Does a thing.

With a second
paragraph.

Args:
    first (int): The first,
        on two lines.
    second: The second: with a colon.
    **rest: More.

Returns:
    nothing: at all.
"""
NUMPY = """Does a thing.

With a second
paragraph.

Parameters
----------
first : int
    The first,
    on two lines.
second
    The second: with a colon.
rest, more : str
    More.

Returns
-------
nothing : str
    at all.
"""
SPHINX = """Does a thing.

With a second
paragraph.

:param int first: The first,
    on two lines.
:param second: The second: with a colon.
:type second: str
:param rest: More.
:returns: nothing: at all.
"""


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_docstrings(text: str) -> None:
    description, parameters = _docstrings.parse(text.strip())
    assert description == "Does a thing.\n\nWith a second paragraph."
    expected = {"first": "The first, on two lines.", "second": "The second: with a colon.", "rest": "More."}
    assert {name: parameters[name] for name in expected} == expected
    assert set(parameters) - set(expected) <= {"more"}


@pytest.mark.parametrize("text", ["", "One line.", "Args: none of them.", "Notes on args:\nare no section"])
def test_docstrings_without_parameters(text: str) -> None:
    assert _docstrings.parse(text)[1] == {}
    assert _docstrings.parse(text)[0] == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Does.\n\nArgs:\n    city - where\n    day: when", {"day": "when"}),
        ("Does.\n\n:param city: where\n:see also the manual\n:param day: when", {"day": "when"}),
        ("Does.\n\nParameters:\n-----------\nday : str\n    when", {"day": "when"}),
        ("Does.\n\nExample:\n    >>> f()\n\nParameters\n----------\nday, city : str\n    when", {"day": "when"}),
        ("Does.\n\nNote:\n    Careful.\n\nArgs:\n    day: when", {"day": "when"}),
    ],
    ids=["no colon", "unknown field", "two styles of title", "two styles of section", "another section first"],
)
def test_docstrings_that_are_not_quite_of_a_style(text: str, found: dict[str, str]) -> None:
    """One line that is out of place costs nothing of what else is said, and does not reach the description."""
    description, parameters = _docstrings.parse(text)
    assert description == "Does."
    assert found.items() <= parameters.items()
