"""The lanes of ci's own: its tests, and the checks of every file."""

from __future__ import annotations

from ci.build import configure
from ci.common import ROOT, say
from ci.lint import FORMATS, lint
from ci.setup import BUILD_TOOLS
from ci.steps import Line
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import run_pytest
from ci.tidy import check_change


def _fetch(_: Settings) -> Outcome:
    return run_pytest("ci", ROOT / "ci" / "tests", {})


def _lint(_: Settings) -> Outcome:
    Line().show("checking")
    return lint(FORMATS)


def _tidy(_: Settings) -> Outcome:
    configure("tidy")
    Line().show("checking")
    return lint(["clang-tidy"])


def _tidy_changed(_: Settings) -> Outcome:
    configure("tidy")
    Line().show("checking")
    wrong, seen = check_change()
    say(f"      {seen}")
    outcome = Outcome()
    outcome.check("clang-tidy", wrong)
    return outcome


LANES = {
    "fetch": Lane(
        "the scripts that fetch llama.cpp and the model",
        _fetch,
        tools=["git"],
        python=True,
        minutes=0.5,
        place=10,
        beside=True,
    ),
    "lint": Lane(
        "formatting, ruff and mypy",
        _lint,
        tools=["git", "clang-format"],
        python=True,
        minutes=0.5,
        place=130,
        beside=True,
    ),
    "tidy-changed": Lane(
        "clang-tidy, of what has changed",
        _tidy_changed,
        tools=[*BUILD_TOOLS, "clang-tidy"],
        python=True,
        minutes=3,
        place=135,
        beside=True,
    ),
    "tidy": Lane(
        "clang-tidy",
        _tidy,
        tools=[*BUILD_TOOLS, "clang-tidy"],
        python=True,
        minutes=20,
        place=140,
        optional="takes twenty minutes of computing; `make lint` runs it, and tidy-changed what concerns a change",
    ),
}
