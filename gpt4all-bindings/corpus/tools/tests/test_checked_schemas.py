"""JSON Schemas that are not strict: answers are checked by all of the official suite's keywords, as it says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_tools.schemas import suite
from corpus_tools.schemas.checks import Checker
from corpus_tools.schemas.suite import Group, groups

# Formats are those that the documentation lists, and narrower; content is not looked into.
NOT_CHECKED = ("format/", "optional/format/", "optional/content/")
# Draft 7 ignores what stands beside a $ref; we read it as 2020-12 does. And we do not read what a "$schema" says of the
# keywords that count.
READ_OTHERWISE = ("draft7/ref/5 ", "draft7/ref/6 ", "draft2020-12/vocabulary/0 ")
GROUPS = {
    group.name: group
    for group in groups(Path(os.environ["GPT4ALL_JSON_SCHEMA_SUITE"]) / suite.ARCHIVE)
    if not group.name.removeprefix(f"{group.draft}/").startswith(NOT_CHECKED)
    and not group.name.startswith(READ_OTHERWISE)
}
# Nothing is fetched, and there are no character properties. The rest is refused since nothing is valid, or by mistake.
NOT_IN_THE_SCHEMA, PROPERTIES = "is not in the schema", "\\p{…}"
IMPOSSIBLE = ("nothing is valid", "no array has", "no value has", "nothing is at least", "no number is")


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker(Path(os.environ["GPT4ALL_WALK_GRAMMAR"]))
    yield made
    made.close()


@pytest.mark.parametrize("name", GROUPS)
def test_values_are_valid_as_the_suite_says(name: str, checker: Checker) -> None:
    group = GROUPS[name]
    found = checker.check(group.schema, [json.dumps(each.value) for each in group.instances])
    if found.refused:
        check_refusal(group, found.refused)
        return
    for instance, fault in zip(group.instances, found.faults, strict=True):
        assert (fault is None) == instance.valid, f"{instance.value!r}: {fault}"
        if fault is not None:
            check_places(group, instance.value, fault)


def check_refusal(group: Group, refused: str) -> None:
    if any(each in refused for each in IMPOSSIBLE):
        return
    assert NOT_IN_THE_SCHEMA in refused or PROPERTIES in refused, (group.schema, refused)


def check_places(group: Group, value: object, fault: dict[str, str]) -> None:
    """Both pointers lead somewhere, and the schema has the keyword."""
    place(value, fault["pointer"])
    schema = place(group.schema, fault["schema_pointer"])
    assert schema is False or (isinstance(schema, dict) and fault["keyword"] in schema)


def place(root: object, pointer: str) -> object:
    at = root
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        at = at[int(token)] if isinstance(at, list) else at[token]  # type: ignore[index]
    return at


@pytest.mark.parametrize("draft", suite.DRAFTS)
def test_nearly_all_can_be_checked(draft: str, checker: Checker) -> None:
    mine = [group for group in GROUPS.values() if group.draft == draft]
    refused = [group.name for group in mine if checker.check(group.schema).refused]
    assert 100 * len(refused) <= 12 * len(mine), refused


@pytest.mark.parametrize(
    ("schema", "text", "keyword"),
    [
        ({"maximum": 12345678901234567890.5}, "12345678901234567891", "maximum"),
        ({"multipleOf": 0.1}, "12345678901234567890.15", "multipleOf"),
        ({"const": 0.1}, "0.1000000000000000000001", "const"),
        ({"uniqueItems": True}, '[{"a": 1, "b": [2.0]}, {"b": [2], "a": 1e0}]', "uniqueItems"),
        ({"maxLength": 1}, '"\\ud83d\\ude00b"', "maxLength"),
        ({"type": "number"}, "1.", ""),
        ({}, "", ""),
    ],
)
def test_numbers_are_exact_and_json_is_json(schema: object, text: str, keyword: str, checker: Checker) -> None:
    (fault,) = checker.check(schema, [text]).faults
    assert fault is not None
    assert fault["keyword"] == keyword
    assert checker.check({"multipleOf": 0.1, "maximum": 1e30}, ["12345678901234567890.1"]).faults == [None]


def test_hostile_schemas_end(checker: Checker) -> None:
    definitions: dict[str, object] = {f"a{i}": {"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(40)}
    definitions["a40"] = {"type": "null"}
    (fault,) = checker.check({"$defs": definitions, "$ref": "#/$defs/a0", "uniqueItems": True}, ["1"]).faults or [{}]
    assert fault is not None
    nested = "[" * 60 + "]" * 60
    tree = {"type": "array", "items": {"$ref": "#"}, "uniqueItems": True, "unevaluatedItems": False}
    assert checker.check(tree, [nested]).faults == [None]
