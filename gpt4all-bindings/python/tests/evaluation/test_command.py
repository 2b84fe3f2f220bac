"""gpt4all evaluate."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli_helpers import Gpt4all, as_json, cache, gpt4all
from conftest import child_environment

from .made_up import ROWS, write_rows

pytestmark = pytest.mark.timeout(400)
__all__ = ["cache", "gpt4all"]


def test_results_as_a_table_and_as_files(gpt4all: Gpt4all, tiny_path: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = gpt4all("evaluate", str(tiny_path), "--data", str(data), "--out", str(out))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["TASK", "METRIC", "VALUE,"]
    assert "text-davinci-003".upper() in lines[0]
    assert [line.split()[0] for line in lines[1:]] == [
        "BoolQ", "PIQA", "HellaSwag", "WinoGrande", "ARC-e", "ARC-c", "OBQA", "average"
    ]  # fmt: skip
    assert "boolq: 6 of 6" in done.stderr
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".lock") == [
        "answers.jsonl", "results.json", "results.md", "results.svg"
    ]  # fmt: skip
    told = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert told["tasks"]["boolq"]["items"] == 3
    assert (out / "results.svg").read_bytes().startswith(b"<?xml")
    again = as_json(gpt4all("evaluate", str(tiny_path), "--data", str(data), "--out", str(out), "--json", "-q"))
    assert again["tasks"] == told["tasks"]
    assert again["scored_tokens"] == 0


def test_a_sweep(gpt4all: Gpt4all, tiny_path: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = [
        "evaluate",
        str(tiny_path),
        "--data",
        str(data),
        "-t",
        "boolq",
        "--sweep",
        "--types",
        "Q8_0",
        "-o",
        str(out),
    ]
    done = gpt4all(*arguments)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()][:3] == ["TYPE", "F32", "Q8_0"]
    assert (
        json.loads((out / "sweep.json").read_text(encoding="utf-8"))["models"][0]["evaluation"]["quantization"]
        == "Q8_0"
    )
    assert (out / "sweep.md").is_file()
    assert (out / "sweep.svg").is_file()


def test_wrong_usage(gpt4all: Gpt4all, tiny_path: Path, data: Path) -> None:
    assert gpt4all("evaluate", str(tiny_path), "--sweep").returncode == 2
    assert gpt4all("evaluate", str(tiny_path), "--types", "Q8_0").returncode == 2
    missing = gpt4all("evaluate", str(tiny_path), "-t", "boolq", "--data", str(data / "nowhere"))
    assert missing.returncode == 1
    assert "no folder" in missing.stderr


def test_ctrl_c_keeps_what_is_done(gpt4all: Gpt4all, tiny_path: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    rows = [{**ROWS["boolq"][0], "context": f"{number} " + "the cat sat on the mat " * 40} for number in range(1000)]
    write_rows(data / "boolq.made_up.jsonl", rows)
    command = [
        sys.executable,
        "-m",
        "gpt4all",
        "evaluate",
        str(tiny_path),
        "-t",
        "boolq",
        "--data",
        str(data),
        "-o",
        str(out),
    ]
    environment = child_environment(GPT4ALL_OFFLINE="1")
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)
    answers = out / "answers.jsonl"
    try:
        deadline = time.monotonic() + 90
        while not (answers.exists() and answers.read_bytes().count(b"\n") > 3):
            assert time.monotonic() < deadline
            assert started.poll() is None, started.communicate()[1]
            time.sleep(0.02)
        os.kill(started.pid, signal.SIGINT)
        told = started.communicate(timeout=60)[1]
    finally:
        started.kill()
    assert started.returncode == 130, told
    assert "the same command goes on from there" in told
    kept = answers.read_bytes().count(b"\n") - 1
    assert 0 < kept < 2000
    rows = rows[:20]
    write_rows(data / "boolq.made_up.jsonl", rows)
    assert gpt4all(*command[3:]).returncode == 0
