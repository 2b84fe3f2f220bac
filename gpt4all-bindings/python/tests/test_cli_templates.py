"""Chat templates on the command line: those that models without any get, names and files."""

from __future__ import annotations

from pathlib import Path

from cli_helpers import Gpt4all, as_json, cache, gpt4all
from conftest import TINY_MODELS

__all__ = ["cache", "gpt4all"]

GPTJ = str(TINY_MODELS / "trained" / "shakespeare-gptj-q8_0.gguf")
SAID = "has no chat template"


def prompt_tokens(gpt4all: Gpt4all, *options: str) -> int:
    done = gpt4all("run", "-m", GPTJ, "-n", "1", "--json", *options, "Hello")
    assert SAID not in done.stderr or not options
    return int(as_json(done)["usage"]["prompt_tokens"])


def test_what_a_model_without_one_gets_is_told(gpt4all: Gpt4all) -> None:
    for command, text in (("run", "Hello"), ("chat", "Hello\n")):
        done = gpt4all(command, "-m", GPTJ, "-n", "4", "-t", "0", text=text)
        assert done.returncode == 0, done.stderr
        assert SAID in done.stderr
        assert "gpt4all-j" in done.stderr
        assert "--chat-template" in done.stderr
    assert SAID not in gpt4all("-q", "run", "-m", GPTJ, "-n", "4", "Hello").stderr
    shown = dict(line.split("  ", 1) for line in gpt4all("show", GPTJ).stdout.splitlines())
    assert shown["chat template"].strip() == "none; gpt4all-j is used"


def test_names_and_files(gpt4all: Gpt4all, tmp_path: Path) -> None:
    file = tmp_path / "only-the-text.jinja"
    file.write_text("\ufeff{{ messages[-1].content }}", encoding="utf-8")
    (words,) = {len(line.splitlines()) for line in [gpt4all("tokenize", "-m", GPTJ, "Hello").stdout]}
    assert prompt_tokens(gpt4all, "--chat-template", str(file)) == words
    assert words < prompt_tokens(gpt4all, "--chat-template", "vicuna") < prompt_tokens(gpt4all)
    done = gpt4all("chat", "-m", GPTJ, "-n", "2", "--chat-template", "alpaca", text="Hello\n")
    assert (done.returncode, SAID in done.stderr) == (0, False), done.stderr


def test_what_is_neither(gpt4all: Gpt4all) -> None:
    done = gpt4all("run", "-m", GPTJ, "--chat-template", "vicunna", "Hello")
    assert done.returncode == 1
    assert done.stderr.startswith('error: the option chat_template: "vicunna" is neither a Jinja template')
    assert "vicuna, zephyr" in done.stderr
