"""JSON as objects of Python's types."""

from __future__ import annotations

import enum
import math
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ._errors import InvalidArgumentError
from ._json_schema import schema_of
from ._json_types import DICTS, LISTS, STRINGS, Member, is_pydantic, is_union, limits, members_of, plain

_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "multipleOf": lambda value, limit: math.isclose(value / limit, round(value / limit), abs_tol=1e-9),
    "pattern": lambda value, limit: re.search(limit, value) is not None,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "minItems": lambda value, limit: len(value) >= limit,
    "maxItems": lambda value, limit: len(value) <= limit,
}


class MismatchError(ValueError):
    """A JSON value is not of the type wanted. `place` is where, as a JSON pointer."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place or 'the value'}: {problem}")
        self.place = place


def convert(value: Any, type_: Any, place: str = "") -> Any:
    """A JSON value as an object of a type. Raises MismatchError, and what a Pydantic model or a constructor raises."""
    type_ = plain(type_)
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is typing.Annotated:
        return _within_limits(convert(value, arguments[0], place), value, arguments, place)
    if is_union(type_):
        return _convert_union(value, arguments, place)
    if origin is typing.Literal:
        return _one_of(value, [(a.value if isinstance(a, enum.Enum) else a, a) for a in arguments], place)
    if is_pydantic(type_):
        return type_.model_validate(value)
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        return _one_of(value, [(member.value, member) for member in type_], place)
    members = members_of(type_)
    if members is not None:
        converted = convert_members(value, members, place)
        return converted if issubclass(type_, dict) else type_(**converted)
    kind = origin or type_
    if kind in LISTS:
        _expect(isinstance(value, list), value, "an array", place)
        item = arguments[0] if arguments else Any
        return LISTS[kind]([convert(each, item, f"{place}/{index}") for index, each in enumerate(value)])
    if kind is tuple:
        return _convert_tuple(value, arguments, place)
    if kind in DICTS:
        _expect(isinstance(value, dict), value, "an object", place)
        item = arguments[1] if arguments else Any
        return {name: convert(each, item, f"{place}/{name}") for name, each in value.items()}
    return _convert_scalar(value, type_, place)


def _convert_scalar(value: Any, type_: Any, place: str) -> Any:
    if type_ in (Any, object):
        return value
    if type_ in (None, type(None)):
        return _expect(value is None, value, "null", place)
    if type_ in STRINGS:
        _expect(isinstance(value, str), value, "a string", place)
        try:
            return STRINGS[type_][1](value)
        except (ValueError, ArithmeticError) as error:
            raise MismatchError(place, f"{value!r} is not a {type_.__name__}: {error}") from error
    if type_ is bool:
        return _expect(isinstance(value, bool), value, "true or false", place)
    if type_ is float:
        return float(_expect(_is_number(value), value, "a number", place))
    if type_ is int:
        whole = _is_number(value) and math.isfinite(value) and int(value) == value
        return int(_expect(whole, value, "an integer", place))
    if type_ is str:
        return _expect(isinstance(value, str), value, "a string", place)
    raise InvalidArgumentError(f"{type_!r} cannot be made from JSON")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _expect(good: bool, value: Any, what: str, place: str) -> Any:
    if not good:
        raise MismatchError(place, f"{value!r} is not {what}")
    return value


def _one_of(value: Any, allowed: list[tuple[Any, Any]], place: str) -> Any:
    for candidate, meant in allowed:
        if candidate == value and isinstance(candidate, bool) == isinstance(value, bool):
            return meant
    raise MismatchError(place, f"{value!r} is not one of {', '.join(repr(candidate) for candidate, _ in allowed)}")


def _convert_union(value: Any, variants: Iterable[Any], place: str) -> Any:
    problems = []
    # An integer is a float too: what fits as it is goes first.
    for variant in sorted(variants, key=lambda variant: type(value) is not plain(variant)):
        try:
            return convert(value, variant, place)
        except (ValueError, TypeError) as error:  # noqa: PERF203 - the next variant is tried
            problems.append(str(error))
    raise MismatchError(place, "; ".join(problems))


def _convert_tuple(value: Any, arguments: tuple[Any, ...], place: str) -> Any:
    _expect(isinstance(value, list), value, "an array", place)
    if not arguments or (len(arguments) == 2 and arguments[1] is Ellipsis):
        item = arguments[0] if arguments else Any
        return tuple(convert(each, item, f"{place}/{index}") for index, each in enumerate(value))
    _expect(len(value) == len(arguments), value, f"an array of {len(arguments)}", place)
    pairs = zip(value, arguments, strict=True)
    return tuple(convert(each, item, f"{place}/{index}") for index, (each, item) in enumerate(pairs))


def _within_limits(converted: Any, value: Any, arguments: tuple[Any, ...], place: str) -> Any:
    for keyword, limit in limits(schema_of(arguments[0]), arguments[1:]).items():
        if keyword in _CHECKS and not _CHECKS[keyword](value, limit):
            raise MismatchError(place, f"{value!r} is outside {keyword} {limit!r}")
    return converted


def convert_members(value: Any, members: Mapping[str, Member], place: str = "") -> dict[str, Any]:
    """A JSON object with each member as an object of its type; those that are absent keep their defaults."""
    _expect(isinstance(value, dict), value, "an object", place)
    unknown = [name for name in value if name not in members]
    if unknown:
        raise MismatchError(place, f"unknown: {', '.join(unknown)}; known: {', '.join(members) or 'none'}")
    absent = [name for name, member in members.items() if member.required and name not in value]
    if absent:
        raise MismatchError(place, f"missing: {', '.join(absent)}")
    return {name: convert(each, members[name].type, f"{place}/{name}") for name, each in value.items()}
