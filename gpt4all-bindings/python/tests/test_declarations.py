"""The binding's declarations are the header's."""

from __future__ import annotations

import re

import gpt4all
from conftest import HEADER
from gpt4all import _declarations, _errors, _log


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
