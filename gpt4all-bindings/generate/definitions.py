"""What the schema defines, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Union

JSON = Union[None, bool, int, float, str, "list[JSON]", "dict[str, JSON]"]


@dataclass(frozen=True)
class Scalar:
    """One value. Bounds are those of the schema; where there is none, None."""

    kind: Literal["string", "integer", "number", "boolean", "null", "any"]
    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: int | float | None = None
    min_length: int | None = None  # in code points
    max_length: int | None = None

    @property
    def bits(self) -> int:
        """32 if every integer that is allowed fits into a signed one of 32 bits, otherwise 64."""
        low, high = self.minimum, self.maximum
        return 32 if low is not None and high is not None and low >= -(2**31) and high < 2**31 else 64


@dataclass(frozen=True)
class Choice:
    """One of the values listed. A constant is a choice of one."""

    values: tuple[str | int | bool, ...]
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True)
class Array:
    """A list of any length within the bounds."""

    items: Type
    min_items: int | None = None
    max_items: int | None = None
    kind: Literal["array"] = "array"


@dataclass(frozen=True)
class Tuple:
    """A list with a type for each place."""

    items: tuple[Type, ...]
    kind: Literal["tuple"] = "tuple"


@dataclass(frozen=True)
class Map:
    """An object with keys that are not known beforehand."""

    values: Type
    kind: Literal["map"] = "map"


@dataclass(frozen=True)
class Reference:
    """Another definition, by its name."""

    name: str
    kind: Literal["reference"] = "reference"


@dataclass(frozen=True)
class Alternatives:
    """One of several types. `discriminator` is the field by whose constants objects are told apart, if they are."""

    variants: tuple[Type, ...]
    discriminator: str | None = None
    kind: Literal["alternatives"] = "alternatives"


Type = Scalar | Choice | Array | Tuple | Map | Reference | Alternatives


@dataclass(frozen=True)
class Field:
    """A member of an object."""

    name: str
    type: Type  # without null
    required: bool
    nullable: bool  # null is one of its values, rather than another way of leaving it out
    documentation: str
    has_default: bool = False
    default: JSON = None


@dataclass(frozen=True)
class Definition:
    """What all definitions have."""

    name: str  # that of the schema, or of the place where an object is described: "chat_result_choice"
    documentation: str
    owner: str  # the definition within which it is described; empty for one of the schema's own
    given: bool  # a caller gives it, in a request or in options
    received: bool  # the library gives it, in a result or an event


@dataclass(frozen=True)
class Object(Definition):
    """An object with fields."""

    fields: tuple[Field, ...]
    bases: tuple[str, ...]  # definitions whose fields it has, too
    required: tuple[str, ...]  # of its own fields and of its bases'
    one_of: tuple[tuple[str, ...], ...] = ()  # exactly one of these sets of fields is to be given
    any_of: tuple[tuple[str, ...], ...] = ()  # at least one of these sets of fields is to be given
    open: bool = False  # a later version may have more fields, which readers must ignore
    kind: Literal["object"] = "object"


@dataclass(frozen=True)
class Alias(Definition):
    """A name for a type that is not an object."""

    type: Type
    kind: Literal["alias"] = "alias"
