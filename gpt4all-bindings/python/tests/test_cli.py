"""gpt4all run, and what all commands have in common, in processes of their own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli_helpers import Gpt4all, as_json, cache, gpt4all
from conftest import PYTHON, child_environment

__all__ = ["cache", "gpt4all"]

SPEED = re.compile(r"^\d+ tokens, [\d.]+ tokens/s \(prompt \d+ tokens, [\d.]+ tokens/s\), first token after \d+ ms\n$")


@pytest.fixture
def arguments(tiny_path: Path) -> list[str]:
    return ["run", "--model", str(tiny_path), "--max-tokens", "16", "--temperature", "0", "--seed", "1"]


def test_run_answers_and_tells_the_speed(arguments: list[str], gpt4all: Gpt4all) -> None:
    done = gpt4all(*arguments, "--", "-hello world")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 1
    assert done.stdout.endswith("\n")
    assert SPEED.match(done.stderr), done.stderr


def test_quiet_says_nothing_more(arguments: list[str], gpt4all: Gpt4all) -> None:
    for quiet in ([*arguments, "--quiet"], ["-q", *arguments]):
        assert gpt4all(*quiet, "hello").stderr == ""


def test_the_prompt_from_stdin_and_from_files_is_the_same(
    arguments: list[str], gpt4all: Gpt4all, tmp_path: Path
) -> None:
    given = gpt4all(*arguments, "hello wörld")
    file = tmp_path / "prompt.txt"
    file.write_text("hello wörld", encoding="utf-8")
    for way in (["-"], [], ["-f", "-"], ["-f", str(file)]):
        assert gpt4all(*arguments, *way, text="hello wörld").stdout == given.stdout


def test_files_go_before_the_prompt(arguments: list[str], gpt4all: Gpt4all, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("first")
    (tmp_path / "b").write_text("second")
    files = ["-f", str(tmp_path / "a"), "-f", str(tmp_path / "b")]
    whole = f"{tmp_path / 'a'}:\n\nfirst\n\n{tmp_path / 'b'}:\n\nsecond\n\nWhich?"
    assert gpt4all(*arguments, *files, "Which?").stdout == gpt4all(*arguments, whole).stdout


def test_json_and_schema(arguments: list[str], gpt4all: Gpt4all, tmp_path: Path) -> None:
    plain = gpt4all(*arguments, "hello")
    done = gpt4all(*arguments, "--json", "hello")
    assert as_json(done)["choices"][0]["message"]["content"] + "\n" == plain.stdout
    assert done.stderr == ""
    schema = tmp_path / "schema.json"
    schema.write_text('{"enum": ["red", "blue"]}')
    assert json.loads(gpt4all(*arguments, "--schema", str(schema), "A colour?").stdout) in ("red", "blue")
    schema.write_text("[]")
    assert "JSON Schema" in gpt4all(*arguments, "--schema", str(schema), "A colour?").stderr


def test_errors_are_one_line(arguments: list[str], gpt4all: Gpt4all, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.gguf")
    cases = [
        (["run", "--model", missing, "hello"], {}, missing),
        ([*arguments, " "], {}, "prompt is empty"),
        ([*arguments, "--temperature=-3", "hello"], {}, "temperature"),
        ([*arguments, "-f", missing], {}, missing),
        (["run", "hello"], {}, "GPT4ALL_OFFLINE"),
        (["list"], {"GPT4ALL_CACHE": "/dev/null/x", "HOME": "/dev/null"}, None),
        (["show", str(Path(__file__))], {}, Path(__file__).name),
        (["run", "--model", "smollm", "hello"], {}, "Did you mean"),
    ]
    for given, environment, part in cases:
        done = gpt4all(*given, **environment)
        if part is None:
            assert done.returncode == 0, done.stderr
            continue
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert re.fullmatch(r"error: .*\n", done.stderr), done.stderr
        assert part in done.stderr


def test_a_traceback_only_with_debug(gpt4all: Gpt4all, tmp_path: Path) -> None:
    done = gpt4all("show", str(tmp_path / "missing.gguf"), "--debug")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert "\nerror: " in done.stderr


@pytest.mark.parametrize(
    "wrong", [["run", "--max-tokens", "many", "x"], ["nonsense"], ["show"], ["list", "--kind", "x"]]
)
def test_wrong_usage(wrong: list[str], gpt4all: Gpt4all) -> None:
    done = gpt4all(*wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: gpt4all" in done.stderr


def test_help_and_version(gpt4all: Gpt4all) -> None:
    overview = gpt4all("--help")
    assert overview.returncode == 0
    commands = re.findall(r"^  (\w+)  ", overview.stdout.partition("Commands:")[2], re.MULTILINE)
    assert {"run", "list", "show", "pull", "verify", "rm"} <= set(commands)
    for name in commands:
        assert f"gpt4all {name}" in gpt4all(name, "--help").stdout.partition("Examples:")[2]
    root = Path(__file__).resolve().parents[3]
    assert gpt4all("--version").stdout == f"gpt4all {(root / 'VERSION').read_text().strip()}\n"


def test_the_guide_has_every_command(gpt4all: Gpt4all) -> None:
    """Its examples are run elsewhere. Those of --help are not, but what they name is there."""
    guide = (PYTHON.parents[1] / "docs" / "command-line.md").read_text(encoding="utf-8")
    commands = re.findall(r"^  (\w+)  ", gpt4all("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert set(re.findall(r"^(?:.*\| )?gpt4all (\w+)", guide, re.MULTILINE)) == set(commands)
    for name in commands:
        text = gpt4all(name, "--help").stdout
        examples, options = text.partition("Examples:")[2].partition("\n\n")[0], text.partition("Options:")[2]
        for called, rest in re.findall(r"gpt4all (\w+)((?: [^#\n|<]*)?)", re.sub("\"[^\"]*\"|'[^']*'", "", examples)):
            assert called == name
            for option in re.findall(r"(?<= )--?[a-z][a-z0-9-]*", rest):
                assert f"{option} " in options.replace(",", " "), (name, option)


def test_help_loads_neither_the_terminal_libraries_nor_the_engine(gpt4all: Gpt4all) -> None:
    done = gpt4all("--help", PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"rich", "prompt_toolkit", "requests", "asyncio", "tqdm"}


def test_completion_knows_commands_and_models(gpt4all: Gpt4all) -> None:
    def completions(words: str) -> str:
        given = {"_GPT4ALL_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": words}
        return gpt4all(**given).stdout

    assert "verify" in completions("gpt4all ver")
    assert "SmolLM2-135M-Instruct-Q4_1.gguf" in completions("gpt4all show SmolLM2-1")


def test_ctrl_c_stops_the_answer(tiny_path: Path) -> None:
    program = [sys.executable, "-m", "gpt4all", "run", "--model", str(tiny_path), "--max-tokens", "1800", "hello"]
    child = subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=child_environment()
    )
    assert child.stdout is not None
    assert child.stdout.read(1)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
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
    assert child.wait(60) == 141
