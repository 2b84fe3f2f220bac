"""Whether models that are converted from Hugging Face folders compute what they did there, by transformers' word."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ci.common import BUILD, CORPUS_TOOLS, ROOT
from ci.setup import ensure_other_venv
from ci.steps import run_logged, tail
from ci.testing.reports import Outcome

FOUND = BUILD / "reports" / "conversions.json"
LOG = BUILD / "logs" / "convert.log"


def ensure_conversion_venv() -> Path:
    """Makes build/venv-convert and returns its Python. Raises NoNetwork if a package cannot be had."""
    return ensure_other_venv("venv-convert", CORPUS_TOOLS / "requirements-conversions.txt", "PyTorch and transformers")


def check(variables: Mapping[str, str], timeout: float) -> Outcome:
    """Runs the check; each architecture in each type counts as a test. What was committed of it stays as it is."""
    outcome = Outcome()
    LOG.unlink(missing_ok=True)
    FOUND.unlink(missing_ok=True)
    FOUND.parent.mkdir(parents=True, exist_ok=True)
    paths = os.pathsep.join([variables["PYTHONPATH"], str(CORPUS_TOOLS)])
    command = [str(ensure_conversion_venv()), "-m", "corpus_tools.conversions.check", "--out", str(FOUND)]
    code = run_logged(command, LOG, cwd=ROOT, variables={**variables, "PYTHONPATH": paths}, timeout=timeout)
    if not FOUND.is_file():
        outcome.failed.append(("convert", f"corpus_tools.conversions.check ended with {code}:\n{tail(LOG, 40)}"))
        return outcome
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    outcome.passed = sum(len(each["types"]) for each in found["architectures"].values())
    outcome.failed += [(wrong.split(":")[0], wrong) for wrong in found["wrong"]]
    return outcome
