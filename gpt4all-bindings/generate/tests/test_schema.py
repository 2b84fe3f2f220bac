"""The schema is read whole, and keywords that no emitter knows are refused with their place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generate import schema
from generate.build import HEADER, SCHEMA, combine, describe
from generate.definitions import Alias, Alternatives, Array, Choice, Map, Object, Reference, Scalar, Tuple, Type
from generate.header import read

DESCRIPTION = describe()


def parse(**definitions: Any) -> dict[str, Object | Alias]:
    """What is read of a schema with these definitions."""
    return {each.name: each for each in schema.parse({"$defs": definitions})}


def thing(**properties: Any) -> dict[str, Any]:
    """An object that takes no other keys."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


def field(node: dict[str, Any]) -> Any:
    """What is read of one property."""
    made = parse(it_options=thing(key=node))["it_options"]
    assert isinstance(made, Object)
    return made.fields[0]


def test_every_definition_property_and_description_of_the_schema_is_there() -> None:
    whole = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert [each.name for each in DESCRIPTION.definitions if not each.owner] == list(whole["$defs"])
    told: list[str] = []
    named: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            properties = node.get("properties", {})
            named.extend(properties)
            told.extend([node["description"]] if isinstance(node.get("description"), str) else [])
            others = [each for key, each in node.items() if key not in ("properties", "default")]
            for each in (*properties.values(), *others):
                walk(each)

    walk(list(whole["$defs"].values()))
    fields = [each for object in DESCRIPTION.objects() for each in object.fields]
    assert sorted(named) == sorted(each.name for each in fields)
    # an object that is described in place gives its description to the field, too
    kept = {each.documentation for each in (*fields, *DESCRIPTION.definitions)}
    assert set(told) - kept == set()
    assert len([each for each in fields if each.documentation]) > 300


def test_what_a_message_is() -> None:
    message = DESCRIPTION.definition("message")
    assert isinstance(message, Alias)
    names = ("message_input", "message_assistant", "message_tool")
    assert message.type == Alternatives(tuple(map(Reference, names)), "role")
    assistant = DESCRIPTION.object("message_assistant")
    assert (assistant.owner, assistant.required, assistant.open) == ("message", ("role",), False)
    assert assistant.any_of == (("content",), ("tool_calls",))
    content = next(each for each in assistant.fields if each.name == "content")
    assert content.nullable and not content.required
    assert content.type == Alternatives((Scalar("string"), Array(Reference("content_part"))))


def test_what_goes_which_way() -> None:
    directions = {each.name: (each.given, each.received) for each in DESCRIPTION.definitions}
    assert directions["sampling"] == directions["message_tool"] == (True, False)
    assert directions["usage"] == directions["chat_result_choice_message"] == (False, True)
    assert directions["tool_call"] == directions["tool_call_function"] == (True, True)
    assert all(each.open for each in DESCRIPTION.objects() if each.received and not each.given)


def test_operations_are_those_of_the_header() -> None:
    names = (
        "chat complete infill embed rerank score score_batch tokenize detokenize apply_template count_tokens adapters "
        "save_state"
    )
    assert [each.name for each in DESCRIPTION.operations] == names.split()
    for each in DESCRIPTION.operations:
        assert DESCRIPTION.object(each.request) and DESCRIPTION.object(each.result)


def test_fields_of_an_object_with_bases() -> None:
    chat = DESCRIPTION.object("chat_request")
    fields = {each.name: each for each in DESCRIPTION.fields(chat)}
    assert list(fields)[:2] == ["messages", "tools"] and {"temperature", "max_tokens", "grammar", "logprobs"} <= set(
        fields
    )
    assert fields["messages"].required and not fields["tools"].required
    tokens = DESCRIPTION.object("count_tokens_request")
    assert tokens.one_of == (("prompt",), ("messages",))
    assert not any(each.required for each in DESCRIPTION.fields(tokens))
    assert DESCRIPTION.object("complete_result").name == "text_result"


@pytest.mark.parametrize(
    ("node", "type", "nullable"),
    [
        ({"type": "string", "maxLength": 3}, Scalar("string", max_length=3), False),
        ({"type": ["string", "null"]}, Scalar("string"), True),
        ({"type": "null"}, Scalar("null"), True),
        ({"type": "number", "exclusiveMinimum": 0}, Scalar("number", exclusive_minimum=0), False),
        ({"const": "a"}, Choice(("a",)), False),
        ({"enum": [True, False, "a"]}, Choice((True, False, "a")), False),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 2}, Array(Scalar("boolean"), None, 2), False),
        ({"type": "object", "additionalProperties": True}, Map(Scalar("any")), False),
        ({"type": "object", "additionalProperties": {"type": "string"}}, Map(Scalar("string")), False),
        (
            {"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [{"type": "string"}, {"type": "number"}]},
            Tuple((Scalar("string"), Scalar("number"))),
            False,
        ),
        (
            {"anyOf": [{"type": "null"}, {"type": "string"}, {"const": 1}]},
            Alternatives((Scalar("string"), Choice((1,)))),
            True,
        ),
        (thing(inner={"type": "string"}), Reference("it_options_key"), False),
        ({"type": "array", "items": thing(inner={"type": "null"})}, Array(Reference("it_options_key")), False),
    ],
)  # fmt: skip
def test_types(node: dict[str, Any], type: Type, nullable: bool) -> None:
    found = field(node)
    assert (found.type, found.nullable) == (type, nullable)


@pytest.mark.parametrize(
    ("low", "high", "bits"),
    [(0, 2**31 - 1, 32), (-(2**31), 0, 32), (-1, 2**32 - 1, 64), (0, 2**53 - 1, 64), (0, None, 64), (None, 5, 64)],
)
def test_integers_say_how_wide_they_are(low: int | None, high: int | None, bits: int) -> None:
    assert Scalar("integer", low, high).bits == bits


def test_defaults_are_kept_apart_from_none() -> None:
    assert (field({"type": "boolean", "default": False}).has_default, field({"type": "boolean"}).has_default) == (
        True,
        False,
    )
    assert field({"type": "array", "items": {"type": "string"}, "default": []}).default == []


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({"type": "string", "pattern": "a+"}, "it_options_key: pattern is not understood here"),
        ({"type": "string", "format": "uri"}, "format is not understood"),
        ({"type": "integer", "multipleOf": 2}, "multipleOf is not understood"),
        ({"type": "string", "minimum": 1}, "minimum is not understood"),
        ({"not": {"type": "string"}}, "there is no type"),
        ({}, "there is no type"),
        ({"type": "text"}, "text is no type"),
        ({"type": "array"}, "says what its items are"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "as many items as these"),
        ({"type": "object", "patternProperties": {}}, "patternProperties is not understood"),
        ({**thing(a={"type": "string"}), "additionalProperties": {"type": "string"}}, "has no others"),
        ({"type": "object", "properties": {}, "required": ["b"]}, "b is required, and no field"),
        ({"type": "object", "properties": {}, "anyOf": [{"type": "string"}]}, "say what is required, and nothing else"),
        ({"type": "object", "allOf": [{"type": "object"}]}, "allOf has references only"),
        ({"$ref": "#/$defs/nowhere"}, "nowhere is referred to and not there"),
        ({"$ref": "#/$defs/it_options", "type": "string"}, "type is not understood"),
        ({"enum": []}, "the values of enum"),
        ({"const": None}, "the values of const"),
        ({"anyOf": [thing(a={"type": "string"}), thing(b={"type": "string"})]}, "no field tells its objects apart"),
        ({"anyOf": [{"type": "string"}], "oneOf": []}, "oneOf is not understood"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(node: dict[str, Any], told: str) -> None:
    with pytest.raises(schema.SchemaError, match=told):
        field(node)


def test_two_definitions_of_one_name_are_refused() -> None:
    with pytest.raises(schema.SchemaError, match="it_options_key is the name of two definitions"):
        parse(it_options=thing(key=thing()), it_options_key={"type": "string"})
    with pytest.raises(schema.SchemaError, match="names are in lower case"):
        parse(It={"type": "string"})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("one of chat, complete,", "one of chat, sing,", "operation sing, but the schema has no sing_re"),
        (
            "one of chat, complete,",
            "one of chat,",
            "the schema has complete_request, of which llmodel.h does not speak",
        ),
        ("`operation` is one of", "`operation` is any of", "does not say what `operation` is one of"),
        ("$defs/imatrix_result", "$defs/imatrix_outcome", "llmodel.h speaks of .defs/imatrix_outcome"),
    ],
)
def test_the_header_and_the_schema_have_to_agree(old: str, new: str, told: str, tmp_path: Any) -> None:
    text = HEADER.read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "llmodel.h"
    changed.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        combine(read(changed), DESCRIPTION.definitions)
