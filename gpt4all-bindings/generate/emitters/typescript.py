"""TypeScript: types of requests, options, results and events, with the JSON's names, and the numbers of the enums."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from generate.definitions import Alias, Alternatives, Array, Choice, Field, Map, Object, Scalar, Tuple, Type
from generate.description import Description, Event
from generate.text import BOTH, described, notice, pascal, summary, unique, wrap

PATH = "gpt4all-bindings/typescript/src/generated.ts"
SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
EVENTS = {"text": "string", "floats": "Float32Array"}


def emit(description: Description) -> dict[str, str]:
    parts = [
        f"// {notice(BOTH)}\n",
        f"{comment(constant('LLMODEL_ABI_VERSION', description))}"
        f"export const ABI_VERSION = {description.header.abi_version};\n",
        *enums(description),
        *(definition(each, description) for each in description.definitions),
        *operations(description),
        events(description.events),
    ]
    return {PATH: "\n".join(parts)}


def constant(name: str, description: Description) -> str:
    return next(each.documentation for each in description.header.constants if each.name == name)


def comment(text: str, indent: str = "") -> str:
    """A documentation comment, or nothing where there is nothing to say."""
    if not text:
        return ""
    lines = wrap(text.replace("*/", "* /"), 116 - len(indent))
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def enums(description: Description) -> Iterator[str]:
    for each in description.header.enums:
        name = pascal(each.name.removeprefix("llmodel_"))
        members = "".join(
            f"{comment(member.documentation, '  ')}  {each.short(member).upper()}: {member.value},\n"
            for member in each.members
        )
        yield (
            f"{comment(each.documentation)}export const {name} = {{\n{members}}} as const;\n"
            f"export type {name} = (typeof {name})[keyof typeof {name}];\n"
        )


def definition(each: Object | Alias, description: Description) -> str:
    name = pascal(each.name)
    if isinstance(each, Alias):
        return f"{comment(each.documentation)}export type {name} = {type_of(each.type, each)};\n"
    fields = "".join(member(field, each, description) for field in declared(each, description))
    bases = f" extends {', '.join(map(pascal, each.bases))}" if each.bases else ""
    alternatives = sets(each)
    own = f"{name}Fields" if alternatives else name
    text = f"{comment(summary(each))}export interface {own}{bases} {{\n{fields}}}\n"
    if alternatives:
        text += f"\n{comment(summary(each))}export type {name} = {own} & ({' | '.join(alternatives)});\n"
    return text


def declared(each: Object, description: Description) -> list[Field]:
    """An object's own fields, and those of its bases that it requires."""
    own = {field.name for field in each.fields}
    inherited = {field.name for base in each.bases for field in description.fields(description.object(base))}
    return [
        field
        for field in description.fields(each)
        if field.name in own or (field.name in inherited and field.name in each.required)
    ]


def member(field: Field, owner: Object, description: Description) -> str:
    kind = type_of(field.type, owner)
    left_out = owner.given and not owner.received and not field.required  # null is as good as leaving it out
    if (field.nullable or left_out) and kind != "null":
        kind += " | null"
    text = described(field, description)
    if integer := note(field.type, description):
        text = f"{text} {integer}".strip()
    return f"{comment(text, '  ')}  {field.name}{'' if field.required else '?'}: {kind};\n"


def note(type: Type, description: Description) -> str:
    """What `number` does not say."""
    type = description.resolve(type)
    if isinstance(type, Scalar) and type.kind == "integer":
        return "An integer." if type.bits == 32 else "An integer of up to 64 bits, exact up to 2^53."
    return ""


def sets(each: Object) -> list[str]:
    """Which fields are to be there, where one set of several is."""
    own, nullable = f"{pascal(each.name)}Fields", {field.name for field in each.fields if field.nullable}
    found = []
    for given in (*each.one_of, *each.any_of):
        kinds = {
            name: f"Exclude<{own}[{json.dumps(name)}], undefined{'' if name in nullable else ' | null'}>"
            for name in given
        }
        others = [name for other in each.one_of if other != given for name in other] if each.one_of else []
        parts = [f"{name}: {kind}" for name, kind in kinds.items()] + [f"{name}?: never" for name in others]
        found.append(f"{{ {'; '.join(parts)} }}")
    return found


def type_of(type: Type, owner: Object | Alias) -> str:
    """A type. Lists that a caller gives may be read-only."""
    if isinstance(type, Scalar):
        return SCALARS.get(type.kind, "unknown")
    if isinstance(type, Choice):
        return join(json.dumps(value) for value in type.values)
    if isinstance(type, Alternatives):
        return join(type_of(variant, owner) for variant in type.variants)
    if isinstance(type, Map):
        return f"Record<string, {type_of(type.values, owner)}>"
    if isinstance(type, (Array, Tuple)):
        only_given = owner.given and not owner.received
        if isinstance(type, Tuple):
            made = f"[{', '.join(type_of(item, owner) for item in type.items)}]"
        else:
            item = type_of(type.items, owner)
            made = f"({item})[]" if " " in item else f"{item}[]"
        return f"readonly {made}" if only_given else made
    return pascal(type.name)


def join(types: Iterable[str]) -> str:
    return " | ".join(unique(types))


def operations(description: Description) -> Iterator[str]:
    members = "".join(
        f"  {each.name}: {{ request: {pascal(each.request)}; result: {pascal(each.result)} }};\n"
        for each in description.operations
    )
    yield f"/** What can be asked of a model, by name. */\nexport interface Operations {{\n{members}}}\n"


def events(kinds: Iterable[Event]) -> str:
    """What a task gives, told apart by `kind`."""
    variants = []
    for each in kinds:
        if each.value == 0:  # what is left where there is no event
            continue
        data = {"none": "", "json": pascal(each.definition), "result": 'Operations[Operation]["result"]', **EVENTS}
        body = f"; data: {data[each.data]}" if data[each.data] else ""
        variants.append(
            f"{comment(each.documentation, '  ')}  | {{ kind: {json.dumps(each.name)}; index: number{body} }}\n"
        )
    return (
        "/** What a task gives. `index` is which choice, input or row of the request it belongs to, from 0. */\n"
        "export type TaskEvent<Operation extends keyof Operations = keyof Operations> =\n" + "".join(variants)
    ).rstrip() + ";\n"
