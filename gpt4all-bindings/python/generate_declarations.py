#!/usr/bin/env python3
"""Writes gpt4all/_declarations.py from the C header, so that the binding can't drift from it.

    python generate_declarations.py            write the file
    python generate_declarations.py --check    exit with 1 if the file is not what the header gives

The header is reduced to what cffi's parser takes: comments, preprocessor lines, the `extern "C"` block and the export
macro go; everything else stays word for word. The ABI version and the values of the enums become Python constants.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADER = HERE.parents[1] / "gpt4all-backend" / "include" / "llmodel.h"
OUTPUT = HERE / "gpt4all" / "_declarations.py"

TEMPLATE = '''"""The C declarations of libllmodel. Generated from llmodel.h by generate_declarations.py: do not edit."""

from __future__ import annotations

ABI_VERSION = {abi_version}

STATUS = {{
{status}}}

LOG_LEVELS = {{
{log_levels}}}

EVENT_KINDS = {{
{event_kinds}}}

CDEF = """\\
{cdef}"""
'''


def reduce_header(text: str) -> str:
    """The declarations alone, in the form that cffi.FFI.cdef() takes."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"//[^\n]*", "", text)
    text = text.replace("\\\n", " ")
    text = re.sub(r"^[ \t]*#[^\n]*$", "", text, flags=re.MULTILINE)
    text = re.sub(r'extern\s+"C"\s*\{(.*)\}', r"\1", text, flags=re.DOTALL)
    text = re.sub(r"\bLLMODEL_API\b\s*", "", text)
    text = re.sub(r"[ \t]+", " ", text)
    lines = [line.strip() for line in text.splitlines()]
    return indent([line for line in lines if line])


def indent(lines: list[str]) -> str:
    """Indents what stands within braces, and the later lines of a declaration."""
    result: list[str] = []
    depth = 0
    begun = False
    for line in lines:
        depth -= line.count("}")
        result.append("    " + line if depth > 0 or (begun and "}" not in line) else line)
        depth += line.count("{")
        begun = not line.endswith((";", "{"))
    if depth or begun:
        raise ValueError(f"the header ends within a declaration: {lines[-1]!r}")
    return "\n".join(result) + "\n"


def enum_values(cdef: str, name: str, prefix: str) -> dict[str, int]:
    """The members of an enum, in lower case and without their prefix."""
    body = re.search(rf"enum {name} \{{(.*?)\}}", cdef, flags=re.DOTALL)
    if body is None:
        raise ValueError(f"the header has no enum {name}")
    members = re.findall(rf"\b{prefix}(\w+) ?= ?(\d+)", body.group(1))
    if len(members) != body.group(1).count("="):
        raise ValueError(f"enum {name} has members that do not begin with {prefix} or have no plain number")
    return {member.lower(): int(value) for member, value in members}


def generate(header: str) -> str:
    version = re.search(r"^#define LLMODEL_ABI_VERSION (\d+)$", header, flags=re.MULTILINE)
    if version is None:
        raise ValueError("the header does not define LLMODEL_ABI_VERSION as a plain number")
    cdef = reduce_header(header)

    def table(name: str, prefix: str) -> str:
        return "".join(f'    "{key}": {value},\n' for key, value in enum_values(cdef, name, prefix).items())

    return TEMPLATE.format(
        abi_version=version.group(1),
        status=table("llmodel_status", "LLMODEL_"),
        log_levels=table("llmodel_log_level", "LLMODEL_LOG_"),
        event_kinds=table("llmodel_event_kind", "LLMODEL_EVENT_"),
        cdef=cdef,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes gpt4all/_declarations.py from llmodel.h.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if the file is out of date")
    arguments = parser.parse_args()
    text = generate(HEADER.read_text(encoding="utf-8"))
    if not arguments.check:
        OUTPUT.write_text(text, encoding="utf-8")
        return 0
    if OUTPUT.is_file() and OUTPUT.read_text(encoding="utf-8") == text:
        return 0
    print(f"{OUTPUT} is not what {HEADER} gives; run {Path(__file__).name}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
