"""Runs a module with the Python of build/venv, which is made first: `python3 -m ci.in_venv FOLDER MODULE [ARGUMENT …]`.

FOLDER: where it runs, seen from the repository's root.
"""

from __future__ import annotations

import subprocess
import sys

from ci.common import ROOT, Failure, run_main
from ci.setup import ensure_venv


def main() -> int:
    """Passes the command line and the exit code on."""
    if len(sys.argv) < 3:
        raise Failure("name a folder and a module")
    folder, *module = sys.argv[1:]
    return subprocess.run([str(ensure_venv()), "-m", *module], cwd=ROOT / folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_main("ci.in_venv", main))
