"""The lane of what `make bench` works out by itself; it measures nothing."""

from __future__ import annotations

from pathlib import Path

from ci.build import build
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import library_variables, run_pytest

TESTS = Path(__file__).resolve().parent / "tests"


def _benchmarks(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return run_pytest("benchmarks", TESTS, library_variables())


LANES = {
    "benchmarks": Lane(
        "what benchmarks work out by themselves", _benchmarks, python=True, minutes=0.3, place=93, beside=True
    )
}
