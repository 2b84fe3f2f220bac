"""A run that is killed, wherever it is, and started again ends with the weights of one left alone."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import bytes_of
from gpt4all_training.train import Train, train
from gpt4all_training.train.checkpoints import last_complete, mark_complete
from tiny_model import CONFIGURATION, make_all

ROOT = Path(__file__).resolve().parents[2]
KILLS = 10


class Killed(BaseException):
    """Like a kill, nothing catches it."""


def result_of(folder: Path) -> dict[str, bytes]:
    """All that was made; TensorBoard's logs have times in them."""
    return {name: content for name, content in bytes_of(folder).items() if not name.startswith("logs/")}


class Runs:
    """Runs of the command that can be killed."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("forked_runs.py"))]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._process = subprocess.Popen(command, env=environment, text=True, **pipes)
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._in, self._out, self._err = self._process.stdin, self._process.stdout, self._process.stderr

    def begin(self, folder: Path) -> int:
        """Starts one, and returns its process once it trains."""
        print(folder, file=self._in, flush=True)
        process = int(self._out.readline())
        said = []
        for line in self._err:
            said.append(line)
            if line.startswith("training"):
                return process
        pytest.fail(f"it never began to train: {said}")

    def end(self) -> int:
        """How the last one ended."""
        while not (line := self._out.readline()).strip("-\n").isdigit():
            assert line  # what the command prints
        return int(line)

    def close(self) -> None:
        """No more of them."""
        self._in.close()
        self._process.wait(60)
        self._out.close()
        self._err.close()


@pytest.mark.timeout(1200)
def test_killing_the_process_at_ten_random_moments(tmp_path: Path) -> None:
    configuration = {**CONFIGURATION, "epochs": 12, "checkpoint_every": 2}
    make_all(tmp_path / "alone")
    (tmp_path / "alone" / "train.yaml").write_text(json.dumps(configuration))
    shutil.copytree(tmp_path / "alone", tmp_path / "killed")
    runs = Runs()
    runs.begin(tmp_path / "alone")
    began = time.monotonic()
    assert runs.end() == 0
    whole = time.monotonic() - began
    moments, begun_at = random.Random(5), set()
    for _ in range(KILLS):
        process = runs.begin(tmp_path / "killed")
        time.sleep(moments.uniform(0, 0.12) * whole)
        os.kill(process, signal.SIGKILL)
        assert runs.end() == -signal.SIGKILL, "it ended before it was killed"
        last = last_complete(tmp_path / "killed" / "trained" / "work" / "checkpoints")
        begun_at.add(last.name if last else "")
    assert len(begun_at) >= KILLS // 2, begun_at
    runs.begin(tmp_path / "killed")
    assert runs.end() == 0
    runs.close()
    assert result_of(tmp_path / "killed" / "trained") == result_of(tmp_path / "alone" / "trained")


@pytest.mark.parametrize(
    "changes",
    [
        {"packing": True, "batch_size": 2, "max_steps": 6},
        {"method": "full", "early_stopping": {"patience": 1}, "learning_rate": 0.3, "schedule": "constant"},
    ],
)
def test_stopping_before_any_file_gets_its_name(
    tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been done is kept under names that files get at once: stopping there is stopping wherever it matters."""
    settings = Train.model_validate_json(json.dumps({**CONFIGURATION, **changes}))
    make_all(tmp_path / "alone", 40)
    shutil.copytree(tmp_path / "alone", tmp_path / "killed")
    train(settings, tmp_path / "alone")
    replace, left, stops = os.replace, 0, 0

    def counted_replace(old: Any, new: Any) -> None:
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        replace(old, new)

    monkeypatch.setattr(os, "replace", counted_replace)
    for allowed in range(40):  # libraries rename files, too, so that a fixed number might lead nowhere
        left = allowed
        try:
            train(settings, tmp_path / "killed")
            break
        except Killed:
            stops += 1
    monkeypatch.undo()
    assert 4 <= stops < 40
    train(settings, tmp_path / "killed")
    assert result_of(tmp_path / "killed" / "trained") == result_of(tmp_path / "alone" / "trained")


def test_a_checkpoint_that_is_not_whole_is_not_gone_on_from(tmp_path: Path) -> None:
    for step in (2, 4, 10):
        checkpoint = tmp_path / f"checkpoint-{step}"
        checkpoint.mkdir()
        (checkpoint / "weights").write_bytes(b"w" * step)
        mark_complete(checkpoint)
    assert last_complete(tmp_path) == tmp_path / "checkpoint-10"
    (tmp_path / "checkpoint-10" / "weights").write_bytes(b"w")
    (tmp_path / "checkpoint-12").mkdir()
    assert last_complete(tmp_path) == tmp_path / "checkpoint-4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-2", "checkpoint-4"]
    assert last_complete(tmp_path / "nothing") is None
