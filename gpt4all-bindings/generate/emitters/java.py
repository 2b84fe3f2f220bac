"""Java: records of requests, options, results and events, sealed interfaces where a constant tells objects apart, and
enums.

A record has the fields of its bases, too, and a builder where a caller gives it. What may be left out is null then.
Components are in camel case; the annotation JsonName has the JSON's name. Unions of other kinds are Object, with the
types that it may be in the comment.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator

from generate.declarations import Enum
from generate.definitions import Array, Choice, Field, Map, Object, Reference, Scalar, Type
from generate.description import Description
from generate.text import BOTH, camel, described, notice, pascal, summary, wrap
from generate.unions import Words, constants, kinds, unions_of

PACKAGE = "io.gpt4all.types"
FOLDER = f"gpt4all-bindings/java/gpt4all/src/main/java/{PACKAGE.replace('.', '/')}"
BOXED = {"int": "Integer", "long": "Long", "double": "Double", "boolean": "Boolean"}
SCALARS = {"string": "String", "number": "double", "boolean": "boolean"}

# What a component cannot be called: Java's keywords, and methods that every object has.
RESERVED = set(
    """abstract assert boolean break byte case catch char class const continue default do double else enum extends false
    final finally float for goto if implements import instanceof int interface long native new null package private
    protected public return short static strictfp super switch synchronized this throw throws transient true try void
    volatile while _ clone finalize getClass hashCode notify notifyAll toString wait""".split()
)

JSON_NAME = """/** What a component is called in the JSON. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.RECORD_COMPONENT, ElementType.METHOD})
public @interface JsonName {
    /** The name. */
    String value();
}
"""
IMPORTS = {
    "ElementType": "java.lang.annotation.ElementType",
    "List": "java.util.List",
    "Map": "java.util.Map",
    "Retention": "java.lang.annotation.Retention",
    "RetentionPolicy": "java.lang.annotation.RetentionPolicy",
    "Target": "java.lang.annotation.Target",
}


def emit(description: Description) -> dict[str, str]:
    writer = Writer(description)
    files = {"JsonName": JSON_NAME, "Abi": abi(description)}
    files |= {java_name(each.name.removeprefix("llmodel_")): enum(each) for each in description.header.enums}
    files |= {"Operation": operations(description)}
    files |= dict(writer.definitions())
    return {f"{FOLDER}/{name}.java": source(text) for name, text in files.items()}


def source(text: str) -> str:
    """A file with what it imports."""
    code = re.sub(r"/\*\*.*?\*/", "", text, flags=re.DOTALL)
    used = sorted(path for name, path in IMPORTS.items() if re.search(rf"(?<![.\w]){name}\b", code))
    imports = "".join(f"import {path};\n" for path in used)
    return f"// {notice(BOTH)}\npackage {PACKAGE};\n\n{imports}{'' if not imports else chr(10)}{text}"


def java_name(name: str) -> str:
    return pascal(name)


def component(name: str) -> str:
    """A name in camel case that Java allows."""
    made = camel(name)
    return f"{made}_" if made in RESERVED else made


def constant(value: object) -> str:
    """A value as the name of an enum's constant."""
    made = re.sub(r"\W+", "_", str(value)).upper()
    return made if made[:1].isalpha() else f"_{made}"


def comment(text: str, indent: str = "") -> str:
    if not text:
        return ""
    escaped = re.sub(r"@(?!param )", "&#64;", html.escape(text, quote=False)).replace("*/", "*&#47;")
    lines = wrap(escaped, 112 - len(indent))
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def abi(description: Description) -> str:
    version = description.header.constants[0].documentation
    return (
        "/** The version of the C interface. */\npublic final class Abi {\n"
        f"{comment(version, '    ')}    public static final int VERSION = {description.header.abi_version};\n\n"
        "    private Abi() {}\n}\n"
    )


def enum(each: Enum) -> str:
    members = [(each.short(member), member.value, member.documentation) for member in each.members]
    return enum_of(java_name(each.name.removeprefix("llmodel_")), each.documentation, "int", members)


def operations(description: Description) -> str:
    members = [
        (each.name, json.dumps(each.name), f"Takes a {java_name(each.request)} and gives a {java_name(each.result)}.")
        for each in description.operations
    ]
    return enum_of("Operation", "What can be asked of a model.", "String", members)


def enum_of(name: str, documentation: str, kind: str, members: Iterable[tuple[object, object, str]]) -> str:
    constants = ",\n".join(f"{comment(text, '    ')}    {constant(key)}({value})" for key, value, text in members)
    return (
        f"{comment(documentation)}public enum {name} {{\n{constants};\n\n    private final {kind} value;\n\n"
        f"    {name}({kind} value) {{\n        this.value = value;\n    }}\n\n"
        f"    /** As the library has it. */\n    public {kind} value() {{\n        return value;\n    }}\n}}\n"
    )


class Writer:
    """Writes types, and remembers of which union an object is a kind."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.unions = unions_of(description)
        self.words = Words(description, self.boxed, "List<{}>", ("Object", "String"))

    def definitions(self) -> Iterator[tuple[str, str]]:
        """Files by name. Names of plain types get none: Java has nothing like them."""
        for each in self.description.definitions:
            name = java_name(each.name)
            if isinstance(each, Object):
                yield name, self.record(each)
            elif found := kinds(each.type):
                permitted = ", ".join(map(java_name, found))
                yield name, f"{comment(each.documentation)}public sealed interface {name} permits {permitted} {{}}\n"
            elif isinstance(each.type, Choice):
                values = [(value, json.dumps(value), "") for value in each.type.values]
                yield name, enum_of(name, each.documentation, "String", values)

    def type_of(self, type: Type) -> str:
        if isinstance(type, Reference):
            target = self.description.definition(type.name)
            if isinstance(target, Object) or kinds(target.type) or isinstance(target.type, Choice):
                return java_name(type.name)
            return self.type_of(target.type)
        if isinstance(type, Scalar):
            if type.kind == "integer":
                return "int" if type.bits == 32 else "long"
            return SCALARS.get(type.kind, "Object")
        if isinstance(type, Array):
            return f"List<{self.boxed(type.items)}>"
        if isinstance(type, Map):
            return f"Map<String, {self.boxed(type.values)}>"
        if isinstance(type, Choice) and all(isinstance(value, str) for value in type.values):
            return "String"
        return "Object"

    def boxed(self, type: Type) -> str:
        kind = self.type_of(type)
        return BOXED.get(kind, kind)

    def record(self, each: Object) -> str:
        name = java_name(each.name)
        fields = self.description.fields(each)
        always = constants(each, fields)
        free = [field for field in fields if field.name not in always]
        parts = ",\n".join(f'        @JsonName("{f.name}") {self.kind(f)} {component(f.name)}' for f in free)
        unions = [java_name(union) for union in self.unions.get(each.name, ())]
        implements = f" implements {', '.join(unions)}" if unions else ""
        body = [
            f'{comment(self.told(field), "    ")}    @JsonName("{field.name}")\n'
            f"    public String {component(field.name)}() {{\n"
            f"        return {json.dumps(always[field.name])};\n    }}\n"
            for field in fields
            if field.name in always
        ]
        body += [self.builder(name, free)] if each.given else []
        components = f"\n{parts}" if parts else ""
        parameters = [f"@param {component(field.name)} {self.told(field) or 'See its type.'}" for field in free]
        documentation = comment("\n\n".join([summary(each), *parameters]))
        documentation = documentation.replace(" *\n * @param", " * @param")
        return f"{documentation}public record {name}({components}){implements} {{\n{chr(10).join(body)}}}\n"

    def told(self, field: Field) -> str:
        """A component's documentation, with what its type does not say."""
        return f"{described(field, self.description)} {self.words.told(field.type)}".strip()

    def kind(self, field: Field) -> str:
        """The type of a component: a primitive where there is always a value."""
        return self.type_of(field.type) if field.required and not field.nullable else self.boxed(field.type)

    def given(self, field: Field) -> str:
        """What a builder takes: a primitive where null is no value, as 0 becomes a double but no Double."""
        return self.boxed(field.type) if field.nullable else self.type_of(field.type)

    def builder(self, name: str, fields: list[Field]) -> str:
        """A class that collects what is given, and leaves the rest out."""
        members, setters, missing = [], [], []
        for field in fields:
            own, documentation = component(field.name), comment(self.told(field), "        ")
            members.append(f"        private {self.boxed(field.type)} {own};\n")
            setters.append(
                f"\n{documentation}        public Builder {own}({self.given(field)} {own}) {{\n"
                f"            this.{own} = {own};\n            return this;\n        }}\n"
            )
            if field.required and not field.nullable:
                missing.append(
                    f"            if ({own} == null) {{\n"
                    f'                throw new IllegalStateException("{name} needs {own}");\n            }}\n'
                )
        arguments = ", ".join(component(field.name) for field in fields)
        return (
            "    /** Begins one; what is not given is left out. */\n"
            "    public static Builder builder() {\n        return new Builder();\n    }\n\n"
            f"    /** Makes a {name}. */\n    public static final class Builder {{\n"
            f"{''.join(members)}\n        private Builder() {{}}\n{''.join(setters)}\n"
            "        /** Throws IllegalStateException if something is missing that has to be there. */\n"
            f"        public {name} build() {{\n"
            f"{''.join(missing)}            return new {name}({arguments});\n        }}\n    }}\n"
        )
