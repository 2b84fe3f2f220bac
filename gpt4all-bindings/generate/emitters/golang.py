"""Go: structs of requests, options, results and events, and the numbers of the enums.

What may be left out is a pointer, slice or map that is nil then. Bases are embedded. An object of a union whose kinds a
constant tells apart is a struct that writes that constant by itself; other unions are `any` to give, with a comment,
and json.RawMessage to be read. An object of any keys is `any`, too: a map has no order, which matters in JSON Schemas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from generate.declarations import Enum
from generate.definitions import Alias, Array, Choice, Field, Map, Object, Reference, Scalar, Type
from generate.description import Description
from generate.text import BOTH, described, notice, pascal, summary, wrap
from generate.unions import Words, constants, kinds, unions_of

PATH = "gpt4all-bindings/golang/generated.go"
GIVEN = Alias("", "", "", True, False, Scalar("any"))
INITIALISMS = {each.title(): each for each in ("ABI", "CPU", "GPU", "ID", "IO", "JSON", "KV", "OK", "RAM", "URL")}
INITIALISMS["Ids"] = "IDs"
SCALARS = {"string": "string", "number": "float64", "boolean": "bool"}


def emit(description: Description) -> dict[str, str]:
    head = f"// Code {notice(BOTH)[0].lower()}{notice(BOTH)[1:].replace(': do not edit', '. DO NOT EDIT')}\n"
    version = description.header.constants[0].documentation
    parts = [
        f'{head}\npackage gpt4all\n\nimport "encoding/json"\n',
        f"{comment(version)}const ABIVersion = {description.header.abi_version}\n",
        *(enum(each) for each in description.header.enums),
        *operations(description),
        *Writer(description).definitions(),
    ]
    return {PATH: "\n".join(parts)}


def go_name(name: str) -> str:
    """LoraScaleID of lora_scale_id."""
    parts = [pascal(part) for part in name.replace("-", "_").split("_")]
    return "".join(INITIALISMS.get(part, part) for part in parts)


def comment(text: str, indent: str = "") -> str:
    return "".join(f"{indent}// {line}".rstrip() + "\n" for line in wrap(text, 110)) if text else ""


def enum(each: Enum) -> str:
    name = go_name(each.name.removeprefix("llmodel_"))
    members = "\n".join(
        f"{comment(member.documentation, chr(9))}\t{name}{go_name(each.short(member))} {name} = {member.value}\n"
        for member in each.members
    )
    cases = "\n".join(
        f'\tcase {name}{go_name(each.short(member))}:\n\t\treturn "{each.short(member)}"' for member in each.members
    )
    return (
        f"{comment(each.documentation)}type {name} int32\n\nconst (\n{members})\n\n"
        f'// String is the name in lower case; "unknown" for any other value.\n'
        f'func (v {name}) String() string {{\n\tswitch v {{\n{cases}\n\t}}\n\treturn "unknown"\n}}\n'
    )


def operations(description: Description) -> Iterator[str]:
    names = "\n".join(
        f"\t// Takes a {go_name(each.request)} and gives a {go_name(each.result)}.\n"
        f"\tOperation{go_name(each.name)} Operation = {json.dumps(each.name)}\n"
        for each in description.operations
    )
    yield f"// Operation is what can be asked of a model.\ntype Operation string\n\nconst (\n{names})\n"


class Writer:
    """Writes types, and remembers of which union an object is a kind."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.unions = unions_of(description)
        self.words = Words(description, self.given, "[]{}", ("any", "string"), names_aliases=True)

    def definitions(self) -> Iterator[str]:
        for each in self.description.definitions:
            if isinstance(each, Object):
                yield self.struct(each)
            elif kinds(each.type):
                name = go_name(each.name)
                yield f"{comment(each.documentation)}type {name} interface{{ is{name}() }}\n"
            elif isinstance(each.type, Choice):
                yield self.choice(each, each.type)
            else:
                yield f"{comment(each.documentation)}type {go_name(each.name)} = {self.type_of(each.type, each)}\n"

    def choice(self, each: Alias, type: Choice) -> str:
        name = go_name(each.name)
        members = "\n".join(f"\t{name}{go_name(str(v))} {name} = {json.dumps(v)}\n" for v in type.values)
        return f"{comment(each.documentation)}type {name} string\n\nconst (\n{members})\n"

    def given(self, type: Type) -> str:
        """The type of what a caller gives."""
        return self.type_of(type, GIVEN)

    def type_of(self, type: Type, owner: Object | Alias) -> str:
        if isinstance(type, Scalar):
            if type.kind == "integer":
                return "int" if type.bits == 32 else "int64"
            return SCALARS.get(type.kind, "any")
        if isinstance(type, Array):
            return f"[]{self.type_of(type.items, owner)}"
        if isinstance(type, Map):
            if isinstance(type.values, Scalar) and type.values.kind not in SCALARS and type.values.kind != "integer":
                return "any"
            return f"map[string]{self.type_of(type.values, owner)}"
        if isinstance(type, Reference):
            unread = owner.received and kinds(self.description.resolve(type))  # no interface can be read from JSON
            return "json.RawMessage" if unread else go_name(type.name)
        if isinstance(type, Choice) and all(isinstance(value, str) for value in type.values):
            return "string"
        return "json.RawMessage" if owner.received else "any"

    def struct(self, each: Object) -> str:
        name, always = go_name(each.name), constants(each, each.fields)
        if any(constants(base, base.fields) for base in map(self.description.object, each.bases)):
            raise ValueError(f"{each.name} embeds an object with a constant, which would write itself in its place")
        parts = [f"\t{go_name(base)}\n" for base in each.bases]
        parts += [self.field(field, each) for field in each.fields if field.name not in always]
        text = f"{comment(summary(each))}type {name} struct {{\n" + "\n".join(parts) + "}\n"
        text += "".join(f"\nfunc ({name}) is{go_name(union)}() {{}}\n" for union in self.unions.get(each.name, ()))
        if always:
            fields = "".join(f'\t\t{go_name(key)} string `json:"{key}"`\n' for key in always)
            values = ", ".join(json.dumps(value) for value in always.values())
            text += (
                f"\n// MarshalJSON adds what is always the same.\n"
                f"func (v {name}) MarshalJSON() ([]byte, error) {{\n\ttype plain {name}\n"
                f"\treturn json.Marshal(struct {{\n{fields}\t\tplain\n\t}}{{{values}, plain(v)}})\n}}\n"
            )
        return text

    def field(self, field: Field, owner: Object) -> str:
        kind = self.type_of(field.type, owner)
        text = f"{described(field, self.description)} {self.words.told(field.type)}".strip()
        resolved = self.description.resolve(field.type)
        whole = (
            isinstance(resolved, (Array, Map)) or kind in ("any", "json.RawMessage") or self.is_interface(field.type)
        )
        if not whole and (field.nullable or not field.required):
            kind = f"*{kind}"
        tag = field.name if field.required else f"{field.name},omitzero"
        return f'{comment(text, chr(9))}\t{go_name(field.name)} {kind} `json:"{tag}"`\n'

    def is_interface(self, type: Type) -> bool:
        """Whether Go's type is one that can be nil, although it is neither a list nor an object."""
        if not isinstance(type, Reference):
            return False
        target = self.description.definition(type.name)
        if isinstance(target, Object):
            return False
        if isinstance(target.type, Reference):
            return self.is_interface(target.type)
        return self.type_of(target.type, target) in ("any", "json.RawMessage")
