"""The lane of tool calls: whether what their grammars admit are calls that fit, in each of llama.cpp's templates."""

from __future__ import annotations

import os
from pathlib import Path

from ci.build import build, directory
from ci.common import BUILD, ROOT
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import library_variables, run_pytest

TOOLS = Path(__file__).resolve().parents[2]


def _tools(_: Settings) -> Outcome:
    build("release", ["llmodel", "walk_calls"])
    variables = library_variables()
    variables["PYTHONPATH"] += os.pathsep + str(TOOLS)
    variables["GPT4ALL_WALK_CALLS"] = str(directory("release") / "bin" / "walk_calls")
    variables["GPT4ALL_TEMPLATES"] = str(BUILD / "llama.cpp" / "models" / "templates")
    variables["GPT4ALL_TOOLS_DOCUMENT"] = str(ROOT / "docs" / "tools.md")
    return run_pytest("tools", TOOLS / "tests" / "test_calls.py", variables)


LANES = {
    "tools": Lane("tool calls in each chat template", _tools, python=True, minutes=2, place=47, beside=True),
}
