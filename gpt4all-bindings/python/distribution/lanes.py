"""The lanes of the Python package as it is published."""

from __future__ import annotations

from pathlib import Path

from ci.common import BUILD
from ci.packaging import python as package
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import run_pytest

TESTS = Path(__file__).resolve().parent
# CPU modules in the wheel that `make test` compiles: for any processor, and for those with AVX2. The wheel that is
# published has one for each instruction set; the sdist lane tries that.
FEW_VARIANTS = "x64;haswell"


def _wheel(_: Settings) -> Outcome:
    made = package.wheel(BUILD / "dist" / "few-variants", FEW_VARIANTS)
    variables = {"GPT4ALL_WHEEL": str(made)}
    return run_pytest("wheel", TESTS, variables, options=(f"--ignore={TESTS / 'test_sdist.py'}",))


def _sdist(_: Settings) -> Outcome:
    sources = package.sdist()
    made = package.offline_wheel(sources, BUILD / "dist" / "of-sdist")
    return run_pytest("sdist", TESTS, {"GPT4ALL_SDIST": str(sources), "GPT4ALL_WHEEL": str(made)})


LANES = {
    "wheel": Lane(
        "the Python wheel, on each Python",
        _wheel,
        tools=package.TOOLS,
        python=True,
        model=True,
        minutes=2.5,
        place=100,
        beside=True,
    ),
    "sdist": Lane(
        "the sdist and its wheel",
        _sdist,
        tools=package.TOOLS,
        python=True,
        model=True,
        minutes=13,
        place=110,
        optional="compiles the whole package, twenty minutes of computing",
    ),
}
