"""The binding's declarations are the header's."""

from __future__ import annotations

import re

import pytest

import generate_declarations
import gpt4all
from conftest import HEADER, PYTHON
from gpt4all import _declarations, _errors, _log


def test_the_committed_file_is_what_the_header_gives() -> None:
    header = HEADER.read_text(encoding="utf-8")
    committed = (PYTHON / "gpt4all" / "_declarations.py").read_text(encoding="utf-8")
    assert committed == generate_declarations.generate(header), "run generate_declarations.py"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LLMODEL_NOT_FOUND = 3", "LLMODEL_NOT_FOUND = 4"),
        ("int32_t timeout_ms", "int64_t timeout_ms"),
        ("#define LLMODEL_ABI_VERSION 1", "#define LLMODEL_ABI_VERSION 2"),
        ("    int32_t index;", "    int32_t index, row;"),
    ],
)
def test_a_changed_header_gives_another_file(old: str, new: str) -> None:
    header = HEADER.read_text(encoding="utf-8")
    assert old in header
    assert generate_declarations.generate(header.replace(old, new)) != generate_declarations.generate(header)


def test_every_function_of_the_header_is_declared() -> None:
    header = HEADER.read_text(encoding="utf-8")
    exported = re.findall(r"^LLMODEL_API[^;]*?\b(llmodel_\w+)\(", header, flags=re.MULTILINE)
    assert len(exported) == header.count("\nLLMODEL_API ")
    assert sorted(exported) == sorted(re.findall(r"^[^\s}][^;(]*?\b(llmodel_\w+)\(", _declarations.CDEF, re.MULTILINE))


def test_every_failing_status_has_its_class() -> None:
    failing = {name: value for name, value in _declarations.STATUS.items() if name not in ("ok", "timeout")}
    assert {value: class_.status for value, class_ in _errors.CLASSES.items()} == {v: v for v in failing.values()}
    assert {status.name.lower(): status.value for status in gpt4all.Status} == _declarations.STATUS
    assert len(set(_errors.CLASSES.values())) == len(failing)


def test_the_levels_of_the_log_are_the_headers() -> None:
    assert sorted(level for level, _ in _log._LEVELS) == sorted(
        value for name, value in _declarations.LOG_LEVELS.items() if name != "none"
    )
