"""The command line, in processes of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import RunPython, child_environment

SPEED = re.compile(r"^\d+ tokens, [\d.]+ tokens/s \(prompt \d+ tokens, [\d.]+ tokens/s\), first token after \d+ ms\n$")


@pytest.fixture
def arguments(tiny_path: Path) -> list[str]:
    return ["run", "--model", str(tiny_path), "--max-tokens", "16", "--temperature", "0", "--seed", "1"]


def test_run_answers_and_tells_the_speed(arguments: list[str], run_python: RunPython) -> None:
    done = run_python(*arguments, "--", "-hello world", module="gpt4all")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 1
    assert done.stdout.endswith("\n")
    assert SPEED.match(done.stderr), done.stderr


def test_the_prompt_from_stdin_is_the_same(arguments: list[str], run_python: RunPython) -> None:
    given = run_python(*arguments, "hello wörld", module="gpt4all")
    for way in (["-"], []):
        assert run_python(*arguments, *way, module="gpt4all", text="hello wörld").stdout == given.stdout


def test_json(arguments: list[str], run_python: RunPython) -> None:
    plain = run_python(*arguments, "hello", module="gpt4all")
    done = run_python(*arguments, "--json", "hello", module="gpt4all")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["choices"][0]["message"]["content"] + "\n" == plain.stdout


def test_errors_are_one_line(arguments: list[str], run_python: RunPython, library: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.gguf")
    cases = [
        (["run", "--model", missing, "hello"], {}, missing),
        ([*arguments, " "], {}, "prompt is empty"),
        ([*arguments, "--temperature=-3", "hello"], {}, "temperature"),
        (["run", "hello"], {"GPT4ALL_CACHE": str(tmp_path)}, "make run"),
        (["devices"], {"GPT4ALL_LIBRARY": missing}, missing),
    ]
    for given, environment, part in cases:
        done = run_python(*given, module="gpt4all", **environment)
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(r"error: .*\n", done.stderr), done.stderr
        assert part in done.stderr
    assert run_python("run", "--max-tokens", "many", "hello", module="gpt4all").returncode == 2


def test_a_bare_name_is_found_in_the_cache(tiny_path: Path, run_python: RunPython, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.gguf").symlink_to(tiny_path)
    for name in ("small", "small.gguf"):
        done = run_python("inspect", name, module="gpt4all", GPT4ALL_CACHE=str(tmp_path))
        assert json.loads(done.stdout)["architecture"] == "llama", done.stderr


def test_devices_and_info(library: str, run_python: RunPython) -> None:
    assert json.loads(run_python("devices", module="gpt4all").stdout)["devices"]
    assert json.loads(run_python("info", module="gpt4all").stdout)["llama_cpp"]


def test_ctrl_c_stops_the_answer(tiny_path: Path) -> None:
    program = [sys.executable, "-m", "gpt4all", "run", "--model", str(tiny_path), "--max-tokens", "1800", "hello"]
    child = subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=child_environment()
    )
    assert child.stdout is not None
    assert child.stdout.read(1)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    if child.returncode == 0:
        pytest.skip("the tiny model ended its answer before the signal came")
    assert child.returncode == 130, errors
    assert re.fullmatch(r"\ninterrupted after \d+ tokens(, [\d.]+ tokens/s)?, first token after \d+ ms\n", errors)


def test_a_reader_that_goes_away(arguments: list[str]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "gpt4all", *arguments, "--max-tokens", "600", "hello"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(30) == 141
