"""Python's declarations are the header's."""

from __future__ import annotations

import pytest

from generate import header
from generate.build import HEADER, ROOT, combine, describe
from generate.emitters import python_declarations


def made(text: str) -> str:
    """What the emitter makes of a header's text."""
    (file,) = python_declarations.emit(combine(header.parse(text), describe().definitions)).values()
    return file


def test_the_committed_file_is_what_the_header_gives() -> None:
    committed = (ROOT / python_declarations.PATH).read_text(encoding="utf-8")
    assert committed == made(HEADER.read_text(encoding="utf-8")), "run make generate"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LLMODEL_NOT_FOUND = 3", "LLMODEL_NOT_FOUND = 33"),
        ("int32_t timeout_ms", "int64_t timeout_ms"),
        ("#define LLMODEL_ABI_VERSION 1", "#define LLMODEL_ABI_VERSION 2"),
        ("    int32_t index;", "    int32_t index, row;"),
    ],
)
def test_a_changed_header_gives_another_file(old: str, new: str) -> None:
    text = HEADER.read_text(encoding="utf-8")
    assert old in text
    assert made(text.replace(old, new)) != made(text)


def test_lines_are_not_too_long_for_a_reader() -> None:
    text = HEADER.read_text(encoding="utf-8").replace("int32_t timeout_ms", f"int32_t {'very_' * 20}long")
    lines = made(text).splitlines()
    assert max(map(len, lines)) < 150
    assert any(line == f"    int32_t {'very_' * 20}long," for line in lines)
