"""The lane of what is made from llmodel.h and its schema."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ci.setup import ensure_venv
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import run_pytest

HERE = Path(__file__).resolve().parent


def _generate(_: Settings) -> Outcome:
    command = [str(ensure_venv()), "-m", "generate", "--check"]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
    outcome = Outcome()
    outcome.check("generated files are up to date", (done.stdout + done.stderr) if done.returncode else "")
    outcome += run_pytest("generate", HERE, {})
    return outcome


LANES = {
    "generate": Lane(
        "what is made from llmodel.h and its schema",
        _generate,
        tools=[],
        python=True,
        minutes=1,
        place=15,
        beside=True,
    )
}
