"""The lane of conversions: whether models from Hugging Face folders compute what they did there, says transformers."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ci.build import build
from ci.common import BUILD, ROOT
from ci.setup import ensure_other_venv
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import LANE_SECONDS, library_variables

TOOLS = Path(__file__).resolve().parents[2]
FOUND = BUILD / "reports" / "conversions.json"
LOG = BUILD / "logs" / "convert.log"


def _ensure_venv() -> Path:
    """Makes build/venv-convert and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-convert", TOOLS / "requirements-conversions.txt", "PyTorch and transformers")


def _convert(_: Settings) -> Outcome:
    """Runs the check; each architecture in each type counts as a test. What was committed of it stays as it is."""
    build("release", ["llmodel"])
    outcome = Outcome()
    LOG.unlink(missing_ok=True)
    FOUND.unlink(missing_ok=True)
    FOUND.parent.mkdir(parents=True, exist_ok=True)
    variables = library_variables()
    variables["PYTHONPATH"] += os.pathsep + str(TOOLS)
    command = [str(_ensure_venv()), "-m", "corpus_tools.conversions.check", "--out", str(FOUND)]
    code = run_logged(command, LOG, cwd=ROOT, variables=variables, timeout=LANE_SECONDS)
    if not FOUND.is_file():
        outcome.failed.append(("convert", f"corpus_tools.conversions.check ended with {code}:\n{tail(LOG, 40)}"))
        return outcome
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    outcome.passed = sum(len(each["types"]) for each in found["architectures"].values())
    outcome.failed += [(wrong.split(":")[0], wrong) for wrong in found["wrong"]]
    return outcome


LANES = {
    "convert": Lane(
        "conversions, compared with transformers",
        _convert,
        venv=_ensure_venv,
        minutes=20,
        place=70,
        optional="installs PyTorch",
    )
}
