"""What llmodel.h declares, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
