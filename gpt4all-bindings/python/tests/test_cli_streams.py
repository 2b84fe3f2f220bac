"""The command line with streams that are closed, full or cut off, and with what is not UTF-8."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Shell = Callable[[str], "subprocess.CompletedProcess[str]"]

COMMAND = f"{shlex.quote(sys.executable)} -m gpt4all"


@pytest.fixture
def shell(tmp_path: Path, library: str) -> Shell:
    """Runs a line of bash, in which $g is the command and $m a model."""

    def run(line: str) -> subprocess.CompletedProcess[str]:
        cache = tmp_path / "cache"
        environment = {**os.environ, "GPT4ALL_CACHE": str(cache), "GPT4ALL_OFFLINE": "1", "g": COMMAND}
        command = ["bash", "-c", f"{line}"]
        return subprocess.run(
            command,
            check=False,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
        )

    return run


@pytest.mark.parametrize("arguments", ["--help", "devices", "list", "show {m}", "run -m {m} --max-tokens 2 hi"])
def test_closed_and_full_outputs_are_told_in_one_line(arguments: str, shell: Shell, tiny_path: Path) -> None:
    line = f"$g {arguments.format(m=shlex.quote(str(tiny_path)))}"
    for outlet, words in ((">&-", "standard output is closed"), ("> /dev/full", "No space left")):
        done = shell(f"{line} {outlet}")
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
    assert shell(f"{line} 2>&-").returncode == 0
    assert shell(f"{line} <&-").returncode == 0


def test_a_reader_that_goes_away_ends_it_quietly(library: str, tiny_path: Path) -> None:
    for arguments, text in (
        (["show", "--metadata"], ""),
        (["run", "hi", "-m"], ""),
        (["chat", "-m"], "/help\n/help\n"),
    ):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "gpt4all", "--quiet", *arguments, str(tiny_path)]
        done = subprocess.run(
            command, check=False, input=text, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=300
        )
        os.close(writer)
        assert done.returncode == 141, done.stderr
        assert not done.stderr


def test_a_reader_that_goes_away_after_the_last_line_is_noticed(library: str, tiny_path: Path) -> None:
    command = [sys.executable, "-m", "gpt4all", "--quiet", "chat", "-m", str(tiny_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(b"/help\n")
        child.stdin.flush()
        assert child.stdout.read(1)
        child.stdout.close()
        child.stdin.close()
        assert child.wait(300) == 141
        assert not child.stderr.read()


@pytest.mark.parametrize("data", [bytes(range(128, 256)) * 2, "café".encode("latin-1")], ids=["noise", "latin1"])
def test_texts_that_are_not_utf_8_are_refused_by_name(
    data: bytes, shell: Shell, tmp_path: Path, tiny_path: Path
) -> None:
    (tmp_path / "other.txt").write_bytes(data)
    model = shlex.quote(str(tiny_path))
    for command, name in (
        (f"$g run -m {model} -f other.txt hi", "other.txt"),
        (f"$g run -m {model} < other.txt", "standard input"),
        (f"$g run -m {model} --chat-template other.txt hi", "other.txt"),
        (f"$g run -m {model} --schema other.txt hi", "other.txt"),
        (f"$g tokenize -m {model} < other.txt", "standard input"),
        (f"$g embed -m {model} < other.txt", "standard input"),
        (f"$g chat -m {model} < other.txt", "standard input"),
    ):
        done = shell(command)
        assert done.returncode == 1, command
        assert name in done.stderr
        assert done.stderr.startswith("error: ")
        assert not done.stdout


def test_arguments_that_are_not_utf_8(shell: Shell, tiny_path: Path) -> None:
    model = shlex.quote(str(tiny_path))
    for command in (f"$g tokenize -m {model} $'caf\\xe9'", f"$g run -m {model} $'caf\\xe9'"):
        done = shell(command)
        assert done.returncode == 1
        assert "lone surrogate U+DCE9 after 'caf'" in done.stderr


def test_names_of_files_need_not_be_utf_8(shell: Shell, tiny_path: Path) -> None:
    done = shell(f"cp {shlex.quote(str(tiny_path))} $'caf\\xe9.gguf' && $g run -m $'./caf\\xe9.gguf' --max-tokens 2 hi")
    assert done.returncode == 0, done.stderr
