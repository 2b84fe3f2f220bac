"""What every emitter makes is whole: nothing is missing, comments come along, brackets are closed."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import pytest

from generate.build import ROOT, describe
from generate.definitions import Alias, Alternatives, Array, Choice, Object, Type
from generate.description import Description
from generate.emit import differences, emit_all, emitters, has_home
from generate.emitters import golang
from generate.text import pascal

DESCRIPTION = describe()
EMITTERS = emitters()
LANGUAGES = ["typescript", "golang", "java", "csharp"]
COMMENT = r"//[^\n]*|/\*.*?\*/"
NAMES_TYPES = ("typescript", "golang")  # have names for types that are not objects


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def source(language: str, description: Description = DESCRIPTION) -> str:
    """All that is emitted for a language."""
    return "\n".join(emit_all(description, {language: EMITTERS[language]}).values())


def code(language: str) -> str:
    """That without comments and the contents of texts."""
    pattern = rf'"(?:\\.|[^"\\\n])*"|`[^`]*`|{COMMENT}'
    return re.sub(pattern, lambda match: '""' if match[0][0] in '"`' else "", source(language), flags=re.DOTALL)


def words(text: str) -> str:
    """Letters and digits only, as comments may be wrapped and escaped."""
    return re.sub(r"[^\w]+", " ", text).strip()


def test_brackets_are_closed_in_order(language: str) -> None:
    open_: list[str] = []
    for character in re.findall(r"[()\[\]{}]", code(language)):
        if character in "([{":
            open_.append(character)
        else:
            assert open_ and open_.pop() + character in ("()", "[]", "{}")
    assert open_ == []


def test_every_definition_is_there(language: str) -> None:
    plain = code(language)
    for each in DESCRIPTION.definitions:
        if isinstance(each, Alias) and language not in NAMES_TYPES and not isinstance(each.type, Choice):
            continue
        name = "".join(part[:1].upper() + part[1:] for part in each.name.split("_"))
        assert re.search(rf"\bI?{name}\b", plain, re.IGNORECASE), each.name


# Where an object begins and ends, and how the JSON's name of a field is found within.
OBJECT = {
    "typescript": r"^export interface {name}(?:Fields)?\b.*?^}}",
    "golang": r"^type {name} struct {{.*?^}}(?:\n\nfunc \({name}\)[^\n]*)*(?:\n\n// MarshalJSON[^\n]*\n.*?^}})?",
    "java": r"^public record {name}\(.*?(?=^    public static Builder|\Z)",
    "csharp": r"^public sealed record {name}\b.*?^}}",
}
NAME_IN_JSON = {
    "typescript": r"^  (\w+)\??: ",
    "golang": r'`json:"(\w+)[,"]',
    "java": r'@JsonName\("(\w+)"\)',
    "csharp": r'\[JsonPropertyName\("(\w+)"\)\]',
}
LEFT_OUT = {  # of those that show in one place what may be left out: its name
    "typescript": r"^  (\w+)\?: ",
    "golang": r'`json:"(\w+),omitzero"',
    "csharp": r'\[JsonPropertyName\("(\w+)"\)\]\n    \[JsonIgnore\(Condition = JsonIgnoreCondition.WhenWritingNull',
}
FLATTENS = ("java", "csharp")  # records have the fields of their bases, too


def test_every_object_has_its_fields_and_no_other(language: str) -> None:
    texts = emit_all(DESCRIPTION, {language: EMITTERS[language]}).values()
    for each in DESCRIPTION.objects():
        name = golang.go_name(each.name) if language == "golang" else pascal(each.name)
        pattern = re.compile(OBJECT[language].format(name=name), re.MULTILINE | re.DOTALL)
        (found,) = [match[0] for text in texts for match in pattern.finditer(text)]
        fields = DESCRIPTION.fields(each) if language in FLATTENS else each.fields
        expected = {field.name for field in fields}
        if language == "typescript":  # repeats what it requires of its bases
            expected |= set(each.required)
        names = re.findall(NAME_IN_JSON[language], found, re.MULTILINE)
        assert sorted(names) == sorted(expected), each.name
        if language in LEFT_OUT:
            optional = {field.name for field in fields if not field.required and field.name in expected}
            optional -= set(each.required) if language == "typescript" else set()
            assert set(re.findall(LEFT_OUT[language], found, re.MULTILINE)) == optional, each.name


def test_every_number_of_the_header_is_there(language: str) -> None:
    plain = code(language)
    for enum in DESCRIPTION.header.enums:
        for name, value in enum.values().items():
            assert re.search(rf"\w*{name.replace('_', '_?')}\b[^\n]*\b{value}\b", plain, re.IGNORECASE), name
    for operation in DESCRIPTION.operations:
        assert re.search(rf'"?{operation.name}\b', source(language))


def test_every_comment_comes_along(language: str) -> None:
    lines = [
        re.sub(r"^\s*(///?( </?summary>)?|/\*\*|\*/?)|\*/\s*$|</summary>", "", line)
        for line in source(language).splitlines()
    ]
    text = words(html.unescape("\n".join(lines)))
    constants = {
        field.documentation
        for object in DESCRIPTION.objects()
        for field in object.fields
        if isinstance(field.type, Choice) and len(field.type.values) == 1
    }
    told = {
        each.documentation for each in DESCRIPTION.definitions if isinstance(each, Object) or language in NAMES_TYPES
    }
    told |= {field.documentation for object in DESCRIPTION.objects() for field in object.fields} - constants
    told |= {member.documentation for enum in DESCRIPTION.header.enums for member in enum.members}
    assert [each for each in sorted(told) if words(each) not in text] == []


def test_every_value_of_a_choice_is_there(language: str) -> None:
    text = source(language)

    def values(type: Type) -> Iterator[str]:
        if isinstance(type, Choice):
            yield from (json.dumps(value) for value in type.values if isinstance(value, str))
        elif isinstance(type, Array):
            yield from values(type.items)
        elif isinstance(type, Alternatives):
            for variant in type.variants:
                yield from values(variant)

    types = [each.type for each in DESCRIPTION.definitions if isinstance(each, Alias)]
    types += [field.type for object in DESCRIPTION.objects() for field in object.fields]
    missing = sorted({value for type in types for value in values(type) if value not in text})
    assert missing == []


def test_lines_end_cleanly(language: str) -> None:
    text = source(language)
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)
    assert "do not edit" in text.splitlines()[0].lower()


def test_emitters_give_the_same_each_time() -> None:
    assert emit_all(DESCRIPTION, EMITTERS) == emit_all(describe(), emitters())


def test_no_committed_file_is_out_of_date() -> None:
    files = {path: text for path, text in emit_all(DESCRIPTION, EMITTERS).items() if has_home(path, ROOT)}
    assert "gpt4all-bindings/python/gpt4all/types.py" in files
    assert "".join(differences(files, ROOT)) == ""


@pytest.mark.parametrize("emitter", ["c_header", "java_declarations"])
def test_every_function_comes_with_its_comment(emitter: str) -> None:
    lines = [re.sub(r"^\s*(/\*\*|\*/?)|\*/\s*$", "", line) for line in source(emitter).splitlines()]
    text = words(html.unescape("\n".join(lines)))
    for each in DESCRIPTION.header.functions:
        assert words(each.documentation) in text and each.name in source(emitter)
    told = [field.documentation for each in DESCRIPTION.header.structs for field in each.fields]
    assert [each for each in told if words(each) not in text] == []
