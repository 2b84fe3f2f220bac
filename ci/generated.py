"""`make generate`: writes what is made from llmodel.h and its schema; `--check` shows what would change."""

from __future__ import annotations

import subprocess
import sys

from ci.common import ROOT, run_main
from ci.setup import ensure_venv
from ci.testing.reports import Outcome

BINDINGS = ROOT / "gpt4all-bindings"


def check() -> Outcome:
    """Whether every generated file is what the generators give."""
    command = [str(ensure_venv()), "-m", "generate", "--check"]
    done = subprocess.run(command, cwd=BINDINGS, capture_output=True, text=True, check=False)
    outcome = Outcome()
    outcome.check("generated files are up to date", (done.stdout + done.stderr) if done.returncode else "")
    return outcome


def main() -> int:
    """Passes the command line on."""
    return subprocess.run([str(ensure_venv()), "-m", "generate", *sys.argv[1:]], cwd=BINDINGS, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_main("make generate", main))
