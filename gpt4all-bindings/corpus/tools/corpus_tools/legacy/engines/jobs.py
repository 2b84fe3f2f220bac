"""Hands a piece of work to an engine in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...places import TOOLS

SECONDS = 120


class EngineError(RuntimeError):
    """An engine refused a file, crashed or took too long."""


@dataclass
class Job:
    """One piece of work.

    do: "logits" or "greedy" of tokens, "quantize" values that `path` has (.npy), or "write" the file `path`.
    """

    engine: str  # its package and version
    folder: Path  # where that package is unpacked
    do: str
    path: Path
    architecture: str = ""
    era: str = ""  # which of gpt4all's three versions of llama.cpp
    kind: str = ""  # to which type
    file_type: int = 0  # the same, as a number of headers
    tokens: list[int] = field(default_factory=list)
    count: int = 0  # of greedy tokens
    target: Path = Path()  # the file to write
    out: Path = Path()  # where the result goes

    @classmethod
    def read(cls, path: Path) -> Job:
        """The job that run() wrote down."""
        given = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{each.name: _typed(each.type, given[each.name]) for each in fields(cls)})


def _typed(kind: object, value: Any) -> Any:
    return Path(value) if kind == "Path" else value


def run(job: Job) -> npt.NDArray[Any]:
    """The result of a job. Raises EngineError with the engine's last words."""
    with tempfile.TemporaryDirectory() as scratch:
        job.out = Path(scratch, "out.npy")
        description = Path(scratch, "job.json")
        description.write_text(json.dumps(asdict(job), default=str), encoding="utf-8")
        command = [sys.executable, "-m", f"{__package__}.worker", str(description)]
        environment = {**os.environ, "PYTHONPATH": str(TOOLS)}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{job.engine} took more than {SECONDS} seconds") from error
        if done.returncode:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise EngineError(f"{job.engine} ended with {done.returncode}: {' '.join(words)}")
        result: npt.NDArray[Any] = np.load(job.out)
        return result
