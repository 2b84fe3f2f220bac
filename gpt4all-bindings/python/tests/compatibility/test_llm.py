"""The `llm` command line with its plugin llm-gpt4all, on this package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import GPT4All

pytest.importorskip("llm_gpt4all", reason="`make test LANES=compatibility` installs llm and its plugin")

pytestmark = pytest.mark.timeout(600)  # each command loads the model again, and the machine may be busy
SECONDS = 300

MODEL = "SmolLM2-135M-Instruct-Q4_1"
PROMPT = "The capital of France is"
GREEDY = ("-o", "temp", "0", "-o", "max_tokens", "12")


class Home:
    """A home folder with the model where older releases had it, and the catalogue that the plugin keeps."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "GPT4ALL_CACHE"},
            "HOME": str(folder),
            "LLM_USER_PATH": str(folder / "llm"),
            "PYTHONIOENCODING": "utf-8",
        }
        (folder / ".cache" / "gpt4all").mkdir(parents=True)
        (folder / ".cache" / "gpt4all" / f"{MODEL}.gguf").symlink_to(model)
        (folder / "llm").mkdir()
        row = next(row for row in GPT4All.list_models() if row["filename"] == f"{MODEL}.gguf")
        other = {**row, "name": "Another", "filename": "not-there.gguf"}
        turn = "<|im_start|>user\n%1<|im_end|>\n<|im_start|>assistant\n"
        rows = [{**row, "promptTemplate": turn}, other]
        (folder / "llm" / "gpt4all_models3.json").write_text(json.dumps(rows))

    def run(self, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "llm", *arguments],
            env=self.environment, input=text, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def home(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"), smollm2_path)


def template(prompt: str) -> str:
    return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def expected(smollm2_path: Path) -> str:
    with gpt4all.Model(smollm2_path, n_ctx=2048) as model:
        options: Any = {"temperature": 0, "max_tokens": 12, "repeat_penalty": 1.18, "repeat_last_n": 64}
        text: str = model.complete(template(PROMPT), **options).text
        return text


def test_the_requirement_is_met() -> None:
    wanted = [line for line in requires("llm-gpt4all") or [] if line.startswith("gpt4all")]
    assert len(wanted) == 1
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "gpt4all" not in done.stdout, done.stdout
    assert version("gpt4all") == gpt4all.__version__


def test_the_plugin_is_found(home: Home) -> None:
    plugins = json.loads(home.run("plugins"))
    assert "llm-gpt4all" in [plugin["name"] for plugin in plugins]


def test_models_are_listed(home: Home) -> None:
    lines = [line for line in home.run("models").splitlines() if line.startswith("gpt4all:")]
    assert lines[0].startswith(f"gpt4all: {MODEL} - SmolLM2 135M Instruct, 93.81MB download, needs 1GB RAM (installed)")
    assert lines[1].startswith("gpt4all: not-there - Another")
    assert "(installed)" not in lines[1]


def test_a_prompt(home: Home, expected: str) -> None:
    assert home.run("-m", MODEL, PROMPT, *GREEDY).strip() == expected.strip()
    assert home.run("-m", MODEL, "--no-stream", PROMPT, *GREEDY).strip() == expected.strip()
    assert home.run("-m", MODEL, *GREEDY, text=PROMPT).strip() == expected.strip()


def test_a_chat_goes_on(home: Home) -> None:
    home.run("chat", "-m", MODEL, *GREEDY, text="My name is Ada.\nWhat is my name?\nexit\n")
    second, first = sorted(
        json.loads(home.run("logs", "--json", "-n", "2")),
        key=lambda row: len(row["response_json"]["full_prompt"]),
        reverse=True,
    )
    assert first["response_json"]["full_prompt"] == template("My name is Ada.")
    assert second["response_json"]["full_prompt"] == (
        template("My name is Ada.") + first["response"] + "<|im_end|>" + template("What is my name?")
    )
    assert second["response"].strip()


def test_a_system_prompt_and_options(home: Home) -> None:
    assert home.run("-m", MODEL, "-s", "Be brief.", "Hi", "-o", "top_k", "1", "-o", "max_tokens", "4").strip()


def test_from_python(home: Home, expected: str) -> None:
    code = f"""
import llm, json
model = llm.get_model({MODEL!r})
response = model.prompt({PROMPT!r}, temp=0, max_tokens=12)
pieces = list(response)
conversation = model.conversation()
answers = [conversation.prompt(text, temp=0, max_tokens=4).text() for text in ("Hi", "And again?")]
print(json.dumps([pieces, answers]))
"""
    pieces, answers = json.loads(home.python(code).splitlines()[-1])
    assert "".join(pieces) == expected
    assert len(pieces) > 3
    assert all(answers)
