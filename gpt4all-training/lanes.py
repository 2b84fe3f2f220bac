"""The lane of the training pipeline's first step, which needs neither PyTorch nor the library."""

from __future__ import annotations

from pathlib import Path

from ci.setup import ensure_other_venv
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import run_pytest

TESTS = Path(__file__).resolve().parent / "tests"


def _ensure_venv() -> Path:
    """Makes build/venv-curate and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-curate", TESTS / "requirements.txt", "what curates training data")


def _curate(_: Settings) -> Outcome:
    return run_pytest("curate", TESTS, {}, python=_ensure_venv())


LANES = {
    "curate": Lane("curating training data", _curate, tools=[], venv=_ensure_venv, minutes=1.5, place=91, beside=True)
}
