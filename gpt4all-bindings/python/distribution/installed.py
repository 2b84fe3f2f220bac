"""Pythons to install the package into, and what it is to run there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

BINDING = Path(__file__).resolve().parents[1]
ROOT = BINDING.parents[1]
SUPPORTED = ((3, 10), (3, 11), (3, 12), (3, 13), (3, 14))
PLACES = "the PATH, pyenv's folder and uv's"
ASK = """
import ensurepip, json, platform, sys, venv
json.dump([*sys.version_info[:2], platform.python_implementation()], sys.stdout)
"""


def _candidates(minor: str) -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        yield Path(folder, f"python{minor}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    yield from sorted(pyenv.glob(f"versions/{minor}.*/bin/python{minor}"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or "~/.local/share/uv/python").expanduser()
    yield from sorted(uv.glob(f"cpython-{minor}.*/bin/python{minor}"))


def interpreter(version: tuple[int, int]) -> Path | None:
    """A CPython of this version that can make virtual environments."""
    minor = ".".join(map(str, version))
    for path in _candidates(minor):
        if os.access(path, os.X_OK):
            done = subprocess.run([str(path), "-c", ASK], capture_output=True, text=True, check=False)
            if done.returncode == 0 and json.loads(done.stdout) == [*version, "CPython"]:
                return path
    return None


class Installed:
    """A virtual environment with the wheel in it, and programs that see neither a compiler nor this checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.empty = folder / "empty"
        self.empty.mkdir()

    def run(self, program: str, *arguments: str, prefix: Sequence[str] = (), **variables: str) -> str:
        """What a program of the environment prints; it must succeed and say nothing on stderr.

        prefix: another program with its arguments, which is to run this one.
        """
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "GPT4ALL_CACHE", "TMPDIR")}
        done = subprocess.run(
            [*prefix, str(self.folder / "bin" / program), *arguments],
            env={**kept, "PATH": str(self.folder / "bin"), "PYTHONIOENCODING": "utf-8", **variables},
            cwd=self.empty,
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), f"{program} ended with {done.returncode}: {done.stderr}"
        return done.stdout
