"""The binding's declarations are the header's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cffi

import gpt4all
from conftest import HEADER, PYTHON
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


def test_what_cffi_reads_is_what_the_header_means(library: str, tmp_path: Path) -> None:
    ffi = cffi.FFI()
    ffi.cdef(_declarations.CDEF)
    c = ffi.dlopen(library)

    def width(type: Any) -> str:
        names = {"size_t": "size", "float": "f32", "char": "i8"}
        if type.kind in ("primitive", "enum"):
            return names.get(type.cname) or f"i{8 * ffi.sizeof(type)}"
        return "pointer" if type.kind in ("pointer", "function") else "void"

    def signature(type: Any) -> dict[str, Any]:
        return {"returns": width(type.result), "parameters": [width(each) for each in type.args]}

    types = {name: ffi.typeof(name) for name in ffi.list_types()[0]}
    enums = (("llmodel_status", _declarations.STATUS), ("llmodel_log_level", _declarations.LOG_LEVELS))
    declared = {
        "abi_version": _declarations.ABI_VERSION,
        "functions": {name: signature(ffi.typeof(getattr(c, name))) for name in dir(c) if name.startswith("llmodel_")},
        "callbacks": {name: signature(type) for name, type in types.items() if type.kind == "function"},
        "structs": {
            name: [[field, width(each.type)] for field, each in type.fields]
            for name, type in types.items()
            if type.kind == "struct" and type.fields
        },
        "enums": {**dict(enums), "llmodel_event_kind": _declarations.EVENT_KINDS},
    }
    file = tmp_path / "declared.json"
    file.write_text(json.dumps(declared), encoding="utf-8")
    command = [sys.executable, "-m", "generate", "--compare", str(file)]
    done = subprocess.run(command, cwd=PYTHON.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
