"""The lane of chat templates: whether those of llama.cpp render as jinja2 renders them."""

from __future__ import annotations

import os
from pathlib import Path

from ci.build import build
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import library_variables, run_pytest

TOOLS = Path(__file__).resolve().parents[2]


def _renderings(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    variables = library_variables()
    variables["PYTHONPATH"] += os.pathsep + str(TOOLS)
    return run_pytest("renderings", TOOLS / "tests" / "test_renderings.py", variables)


LANES = {
    "renderings": Lane(
        "chat templates, beside jinja2",
        _renderings,
        python=True,
        minutes=1,
        place=46,
        beside=True,
    )
}
