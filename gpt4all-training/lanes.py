"""The lanes of the training pipeline: its first step needs neither PyTorch nor the library, the others both."""

from __future__ import annotations

from pathlib import Path

from ci.build import build
from ci.packaging.python import training
from ci.packaging.release import check_package
from ci.setup import ensure_other_venv
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import library_variables, run_pytest

TESTS = Path(__file__).resolve().parent / "tests"
TRAIN = TESTS / "train"


def _ensure_venv() -> Path:
    """Makes build/venv-curate and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-curate", TESTS / "requirements.txt", "what curates training data")


def _curate(_: Settings) -> Outcome:
    """Its tests, and whether the package to publish is whole."""
    outcome = run_pytest("curate", TESTS, {}, python=_ensure_venv(), options=(f"--ignore={TRAIN}",))
    for package in training():
        outcome.check(package.name, check_package(package))
    return outcome


def _ensure_training_venv() -> Path:
    """Makes build/venv-training and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-training", TRAIN / "requirements.txt", "PyTorch, transformers and TRL")


def _training(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    variables = {**library_variables(), "OMP_NUM_THREADS": "1"}  # more make tiny models slower
    options = ("--timeout=900",)  # of a test, which may have to convert a model first
    return run_pytest("training", TRAIN, variables, python=_ensure_training_venv(), options=options)


LANES = {
    "curate": Lane("curating training data", _curate, tools=[], venv=_ensure_venv, minutes=1.5, place=91, beside=True),
    "training": Lane(
        "training models, and making GGUF files of them",
        _training,
        venv=_ensure_training_venv,
        minutes=15,
        place=92,
        optional="installs PyTorch",
    ),
}
