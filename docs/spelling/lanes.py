"""The lane of spelling: whether the prose of the whole repository is British, and otherwise right."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ci.common import ROOT, VENV_PYTHON
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import run_pytest

HERE = Path(__file__).resolve().parent


def _spelling(_: Settings) -> Outcome:
    outcome = run_pytest("spelling", HERE / "tests", {})
    command = [str(VENV_PYTHON), str(HERE / "spelling.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    outcome.check("the prose is spelt as it should be", (done.stdout + done.stderr) if done.returncode else "")
    return outcome


LANES = {
    "spelling": Lane(
        "spelling, which is British", _spelling, tools=["git"], python=True, minutes=0.3, place=155, beside=True
    )
}
