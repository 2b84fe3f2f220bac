"""gpt4all chat: in a pseudo-terminal, as people use it, and at the end of a pipe."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli_helpers import Gpt4all, cache, gpt4all
from conftest import child_environment
from gpt4all._cli.chat_render import split

__all__ = ["cache", "gpt4all"]

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

import pexpect

SPEED = r"tokens/s\)\]"
PROMPT = ">>>"


class Terminal:
    """A chat in a terminal of 100 columns."""

    def __init__(self, model: Path, cache: Path, *options: str) -> None:
        arguments = ["-m", "gpt4all", "chat", "-m", str(model), "-t", "0", "-n", "12", *options]
        environment: Any = child_environment(
            GPT4ALL_CACHE=str(cache), GPT4ALL_OFFLINE="1", TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1"
        )
        self.child = pexpect.spawn(
            sys.executable, arguments, env=environment, encoding="utf-8", timeout=60, dimensions=(40, 100)
        )
        self.child.expect(PROMPT)

    def say(self, text: str, expected: str) -> str:
        """Enters a line, waits for what is expected and the prompt after it."""
        self.child.send(text + "\r")
        self.child.expect(expected)
        found = str(self.child.after)
        self.child.expect(PROMPT)
        return found

    def leave(self, key: str = "\x04") -> int | None:
        self.child.send(key)
        self.child.expect(pexpect.EOF)
        self.child.close()
        code: int | None = self.child.exitstatus
        return code


@pytest.fixture
def terminal(tiny_path: Path, cache: Path) -> Iterator[Terminal]:
    running = Terminal(tiny_path, cache)
    yield running
    running.child.close(force=True)


def messages(terminal: Terminal, path: Path) -> list[dict[str, Any]]:
    terminal.say(f"/save {path}", "saved")
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["messages"]
    return found


def test_a_conversation(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    terminal.say("/system Be brief.", "system message: Be brief")
    terminal.say("hello", SPEED)
    terminal.say("and more", SPEED)
    said = messages(terminal, file)
    assert [message["role"] for message in said] == ["system", "user", "assistant", "user", "assistant"]
    terminal.say("/undo", "forgotten: and more")
    terminal.say("/set temperature 1.5", r"temperature = 1\.5")
    terminal.say("/set seed 7", "seed = 7")
    terminal.say("/regenerate", SPEED)
    again = messages(terminal, tmp_path / "again.json")
    assert again[:2] == said[:2]
    assert again[2] != said[2]
    terminal.say("/reset", "starts over")
    assert messages(terminal, tmp_path / "empty.json") == said[:1]
    terminal.say(f"/load {file}", "loaded 5 messages")
    assert messages(terminal, file) == said
    assert terminal.leave() == 0


def test_errors_do_not_end_it(terminal: Terminal, tmp_path: Path) -> None:
    terminal.say("/nonsense", "error: there is no command /nonsense")
    terminal.say("/undo", "error: 1 turns cannot be undone")
    terminal.say("/load", "error: which file")
    terminal.say(f"/load {tmp_path / 'missing'}", "error: .*missing")
    terminal.say("/set nonsense 1", "error: there is no option")
    terminal.say("/set temperature -9", "temperature = -9")
    terminal.say("hello", "error: .*temperature")
    terminal.say("/model missing.gguf", "error: ")
    terminal.say("/set temperature 0", "temperature = 0")
    terminal.say("hello", SPEED)
    assert terminal.leave("/exit\r") == 0


def test_ctrl_c_stops_the_answer_and_not_the_program(terminal: Terminal, tmp_path: Path) -> None:
    terminal.say("/set max_tokens 1900", "max_tokens = 1900")
    terminal.say("/set ignore_eos true", "ignore_eos = true")
    terminal.child.send("hello\r")
    terminal.child.expect(r"(?s)\?2004l.*?[a-z]{4}")  # what comes before is the echo
    terminal.child.send("\x03")
    terminal.child.expect("stopped")
    terminal.child.expect(PROMPT)
    kept = messages(terminal, tmp_path / "talk.json")
    assert [message["role"] for message in kept] == ["user", "assistant"]
    terminal.child.send("half a line\x03")
    terminal.child.expect("Ctrl-D or /exit leaves")
    terminal.child.expect(PROMPT)
    terminal.say("/set max_tokens 4", "max_tokens = 4")
    terminal.say("again", SPEED)
    assert terminal.leave() == 0


@pytest.mark.parametrize("entered", ["one\x1b\rtwo", "one\\\rtwo", '"""one\rtwo"""'])
def test_several_lines(entered: str, terminal: Terminal, tmp_path: Path) -> None:
    terminal.say(entered, SPEED)
    assert messages(terminal, tmp_path / "talk.json")[0]["content"] == "one\ntwo"


def test_history_goes_on_in_the_next_chat(tiny_path: Path, cache: Path, tmp_path: Path) -> None:
    first = Terminal(tiny_path, cache)
    first.say("what I asked", SPEED)
    assert first.leave() == 0
    second = Terminal(tiny_path, cache)
    second.say("\x1b[A", SPEED)
    assert messages(second, tmp_path / "talk.json")[0]["content"] == "what I asked"
    assert second.leave() == 0


def test_completion(terminal: Terminal) -> None:
    terminal.child.send("/regen\t")
    terminal.child.expect("erate")  # completed before what follows is read
    terminal.say("", "error: the session has no question")
    terminal.child.send("/set temperat\t")
    terminal.child.expect("ure")
    terminal.say(" 0.25", r"temperature = 0\.25")


def test_lines_of_a_pipe(gpt4all: Gpt4all, tiny_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    arguments = ["chat", "-m", str(tiny_path), "-t", "0", "-n", "8", "--system", "Be brief."]
    done = gpt4all(*arguments, text=f"hello\n\nand more\n/save {file}\n/exit\nnever asked\n")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    said = json.loads(file.read_text())["messages"]
    assert [message["role"] for message in said] == ["system", "user", "assistant", "user", "assistant"]
    assert said[2]["content"] + "\n" + said[4]["content"] in done.stdout
    failed = gpt4all(*arguments, text="/nonsense\nhello\n")
    assert failed.returncode == 1
    assert re.fullmatch("error: .*\n", failed.stderr)
    assert gpt4all(*arguments, "--load", str(file), text="/history\n").stdout.count("assistant: ") == 2


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("one", ""),
        ("one\n\ntwo", "one\n\n"),
        ("# title\ntext", "# title\n"),
        ("- a\n- b\n", ""),
        ("```\na\n\nb", ""),
        ("a\n\n```\nb\n\n", "a\n\n"),
        ("- a\n\n  b\n\nc", "- a\n\n  b\n\n"),
    ],
)
def test_only_the_last_block_is_drawn_anew(text: str, done: str) -> None:
    assert split(text) == (done, text[len(done) :])
