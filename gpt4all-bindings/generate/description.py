"""What llmodel.h and the schema say, as plain data that an emitter turns into a language's source."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union

JSON = Union[None, bool, int, float, str, "list[JSON]", "dict[str, JSON]"]

# ----------------------------------------------------------------------------------------------------------- the header

CKind = Literal["void", "char", "integer", "float", "enum", "struct", "handle", "callback"]


@dataclass(frozen=True)
class CType:
    """A type of the C API: what stands at the far end, and by how many pointers it is reached."""

    name: str  # as C spells it: "char", "int32_t", "llmodel_model"
    kind: CKind
    pointers: int = 0
    constant: bool = False  # what is pointed to may not be written

    @property
    def spelling(self) -> str:
        """As C has it, such as "const char *"."""
        return ("const " if self.constant else "") + self.name + (" " + "*" * self.pointers if self.pointers else "")

    def declare(self, name: str) -> str:
        """A declaration of something of this type, such as "const char *path"."""
        return self.spelling + ("" if self.pointers else " ") + name


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function or callback, or a member of a struct."""

    name: str
    type: CType
    documentation: str = ""


@dataclass(frozen=True)
class Function:
    """An exported function."""

    name: str
    returns: CType
    parameters: tuple[Parameter, ...]
    documentation: str
    kind: Literal["function"] = "function"


@dataclass(frozen=True)
class Callback:
    """A type of functions that the caller gives."""

    name: str
    returns: CType
    parameters: tuple[Parameter, ...]
    documentation: str
    kind: Literal["callback"] = "callback"


@dataclass(frozen=True)
class Member:
    """One value of an enum."""

    name: str  # "LLMODEL_NOT_FOUND"
    value: int
    documentation: str


@dataclass(frozen=True)
class Enum:
    """An enum, each of whose values is given as a number."""

    name: str
    prefix: str  # which all members begin with, "LLMODEL_LOG_"
    members: tuple[Member, ...]
    documentation: str
    kind: Literal["enum"] = "enum"

    def values(self) -> dict[str, int]:
        """The numbers by name, in lower case and without the prefix: {"not_found": 3}."""
        return {self.short(member): member.value for member in self.members}

    def short(self, member: Member) -> str:
        """A member's name in lower case and without the prefix, as llmodel_status_name() has it."""
        return member.name.removeprefix(self.prefix).lower()


@dataclass(frozen=True)
class Struct:
    """A struct whose members the caller reads."""

    name: str
    fields: tuple[Parameter, ...]
    documentation: str
    kind: Literal["struct"] = "struct"


@dataclass(frozen=True)
class Handle:
    """A type of which only pointers exist outside of the library."""

    name: str
    documentation: str
    kind: Literal["handle"] = "handle"


@dataclass(frozen=True)
class Constant:
    """A macro that stands for a number."""

    name: str
    value: int
    documentation: str


Declaration = Function | Callback | Enum | Struct | Handle


@dataclass(frozen=True)
class Header:
    """llmodel.h."""

    documentation: str
    constants: tuple[Constant, ...]
    declarations: tuple[Declaration, ...]  # in the header's order, each after what it is made of

    @property
    def abi_version(self) -> int:
        """LLMODEL_ABI_VERSION."""
        return next(each.value for each in self.constants if each.name == "LLMODEL_ABI_VERSION")

    @property
    def functions(self) -> tuple[Function, ...]:
        """What the library exports."""
        return tuple(each for each in self.declarations if isinstance(each, Function))

    @property
    def enums(self) -> tuple[Enum, ...]:
        """The enums, that of the statuses among them."""
        return tuple(each for each in self.declarations if isinstance(each, Enum))

    @property
    def structs(self) -> tuple[Struct, ...]:
        """The structs whose layout matters."""
        return tuple(each for each in self.declarations if isinstance(each, Struct))

    def enum(self, name: str) -> Enum:
        """An enum by its name in C."""
        found = next((each for each in self.enums if each.name == name), None)
        if found is None:
            raise ValueError(f"the header has no enum {name}")
        return found


# ----------------------------------------------------------------------------------------------------------- the schema


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


@dataclass(frozen=True)
class Operation:
    """What llmodel_submit() can be asked for."""

    name: str
    request: str
    result: str


@dataclass(frozen=True)
class Event:
    """What llmodel_next() gives, and what its data is."""

    name: str  # "tool_call"
    value: int
    data: Literal["none", "text", "floats", "json", "result"]  # a result is JSON of the operation's own definition
    definition: str  # of JSON
    documentation: str


@dataclass(frozen=True)
class Description:
    """Everything, for an emitter."""

    header: Header
    operations: tuple[Operation, ...]
    events: tuple[Event, ...]
    definitions: tuple[Object | Alias, ...]  # in the schema's order; those described within another stand before it

    def definition(self, name: str) -> Object | Alias:
        """A definition by its name in the schema."""
        found = next((each for each in self.definitions if each.name == name), None)
        if found is None:
            raise ValueError(f"the schema has no definition {name}")
        return found

    def object(self, name: str) -> Object:
        """A definition that is an object with fields."""
        found = self.resolve(Reference(name))
        target = self.definition(found.name) if isinstance(found, Reference) else None
        if not isinstance(target, Object):
            raise ValueError(f"{name} is no object with fields")
        return target

    def objects(self) -> Iterator[Object]:
        """The definitions that are objects."""
        return (each for each in self.definitions if isinstance(each, Object))

    def resolve(self, type: Type) -> Type:
        """The type behind aliases: a reference remains only where it leads to an object."""
        while isinstance(type, Reference):
            target = self.definition(type.name)
            if isinstance(target, Object):
                return Reference(target.name)
            type = target.type
        return type

    def fields(self, object: Object) -> tuple[Field, ...]:
        """All fields of an object, its bases' first, as the object has them: required where it says so."""
        found = {each.name: each for base in object.bases for each in self.fields(self.object(base))}
        found |= {each.name: each for each in object.fields}
        return tuple(
            dataclasses.replace(each, required=each.required or name in object.required) for name, each in found.items()
        )

    def documentation(self, field: Field) -> str:
        """A field's own documentation, or else that of what it refers to."""
        if field.documentation or not isinstance(field.type, Reference):
            return field.documentation
        return self.definition(field.type.name).documentation

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON, for emitters that are not written in Python. Every union member has its "kind"."""
        return dataclasses.asdict(self)
