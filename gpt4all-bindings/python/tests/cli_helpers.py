"""Running the command line in processes of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPython

Gpt4all = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder for models, with nothing in it."""
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


@pytest.fixture
def gpt4all(run_python: RunPython, cache: Path, tmp_path: Path, library: str) -> Gpt4all:
    """Runs a command, away from the network and from the user's own models."""

    def run(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"GPT4ALL_CACHE": str(cache), "HOME": str(tmp_path), "GPT4ALL_OFFLINE": "1", **environment}
        return run_python(*arguments, module="gpt4all", text=text, **given)

    return run


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def put(cache: Path, name: str, source: Path) -> Path:
    """A model in the cache, under a name of its own."""
    path = cache / "models" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(source.read_bytes())
    return path
