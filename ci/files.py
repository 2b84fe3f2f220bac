"""Which files are ours, and what a checking program says of them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from ci.common import ROOT
from ci.steps import run_captured


def our_files(*patterns: str) -> list[str]:
    """Files of the repository, committed or new, but not ignored, that match one of git's patterns."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()})


def native_files() -> list[str]:
    """Our C and C++ files."""
    return our_files("*.h", "*.hpp", "*.c", "*.cpp")


def output_of(command: Sequence[str]) -> str:
    """What a command says if it fails; nothing if it succeeds."""
    code, output = run_captured(command, ROOT)
    return output.strip() or f"exit code {code}" if code else ""
