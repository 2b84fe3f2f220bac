"""The examples of the documentation run as they stand: the Python of a page as one program, its commands as another.

A home folder of their own holds the default model, and small ones in the place of large ones. What is downloaded comes
from a server on this machine. A comment `<!-- not run: why -->` before an example leaves it out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import PYTHON, ROOT, TINY_MODELS
from gpt4all import models
from gpt4all._library import load
from hugging_face_folders import lora_tensors, write_gptj, write_lora

LANGUAGES = {"python", "sh", "c", "json", "text", "toml", "yaml"}
FENCE = re.compile(r"^( *)```(\S*)$")
NOT_RUN = re.compile(r"^ *<!-- not run: (.+) -->$")
FILES = {
    "book.txt": "It was a dark and stormy night.\n",
    "city.json": '{"type": "object", "properties": {"name": {"enum": ["Berlin"]}}, "required": ["name"]}',
    "letter.txt": "Dear Sir, the parcel has come. Thank you.\n",
    "notes.txt": "Rain fell.\n",
    "questions.txt": "What is the capital of France?\n/history\n",
    "report.txt": "It rained.\n",
    "sentences.txt": "A cat sleeps.\nInterest rates rose.\n",
}
# What stands for models that are too large for tests, by where they lie in the models' folder, in all languages.
SHARED = ROOT / "ci" / "documentation"
STAND_INS: dict[str, str] = json.loads((SHARED / "stand-ins.json").read_text(encoding="utf-8"))
# The command, which writes short answers only: the default model may go on for thousands of tokens.
GPT4ALL = """command=$1
shift
case " $command $* " in
*" -n "* | *" --max-tokens "*) ;;
" run "* | " chat "*) set -- --max-tokens 30 "$@" ;;
esac
exec "{python}" -m gpt4all "$command" "$@\""""


@dataclass(frozen=True)
class Example:
    """A block of code. line: its first, counted from 1. reason: why it is not run, or nothing."""

    line: int
    language: str
    code: str
    reason: str


def pages() -> list[Path]:
    return [*sorted((ROOT / "docs").rglob("*.md")), PYTHON / "README.md", ROOT / "README.md"]


def examples(page: Path) -> list[Example]:
    found: list[Example] = []
    begun: tuple[int, str, str] | None = None
    lines: list[str] = []
    reason = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = FENCE.match(line)
        if begun is not None:
            if fence and fence[1] == begun[1] and not fence[2]:
                found.append(Example(begun[0], begun[2], textwrap.dedent("\n".join(lines)), reason))
                begun, reason = None, ""
            else:
                lines.append(line)
        elif fence:
            begun, lines = (number + 1, fence[1], fence[2]), []
        elif line.strip():
            told = NOT_RUN.match(line)
            reason = told[1] if told else ""
    assert begun is None, f"{page}: the code that begins in line {begun} has no end"
    return found


def program(page: Path, language: str) -> str:
    """A page's examples of a language as one program, in which each line has the number that it has on the page."""
    lines: list[str] = []
    for example in examples(page):
        if example.language == language and not example.reason:
            lines += [""] * (example.line - 1 - len(lines)) + example.code.split("\n")
    return "\n".join(lines) + "\n"


def with_examples(language: str) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages() if program(page, language).strip()]


def left_out() -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)}:{example.line}", example.reason)
        for page in pages()
        for example in examples(page)
        if example.reason
    ]


# ---------------------------------------------------------------------------------------------------------- the machine


@pytest.fixture(scope="module")
def tool_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny LLaMA with a chat template that knows tools."""
    pytest.importorskip("gguf", reason="the Python package gguf gives a model another chat template")
    path = tmp_path_factory.mktemp("tools") / "tools.gguf"
    source = str(TINY_MODELS / "tiny-llama-f32.gguf")
    template = (SHARED / "tools.jinja").read_text(encoding="utf-8")
    command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", "--chat-template", template, source, str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def short_model(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model with a context that is full within seconds, should an answer of it repeat itself."""
    pytest.importorskip("gguf", reason="the Python package gguf gives a model another context")
    path = tmp_path_factory.mktemp("short") / models.DEFAULT_MODEL
    shutil.copy(smollm2_path, path)
    command = [sys.executable, "-m", "gguf.scripts.gguf_set_metadata", "--force", str(path)]
    subprocess.run([*command, "llama.context_length", "1024"], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def server(smollm2_path: Path) -> Iterator[str]:
    """The address of a server that has the default model, the tiny one under every other name, and no hashes."""
    tiny = (TINY_MODELS / "tiny-llama-q4_0.gguf").read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there = self.path.endswith(".gguf")
            content = smollm2_path.read_bytes() if self.path == f"/{models.DEFAULT_MODEL}" else tiny
            self.send_response(200 if there else 404)
            self.send_header("Content-Length", str(len(content) if there else 0))
            self.end_headers()
            if there:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@dataclass(frozen=True)
class Machine:
    """A folder to work in, one of models, and an environment in which nothing of the user's is seen."""

    folder: Path
    models: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=dict(self.environment),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
        )


def put(source: Path, path: Path) -> None:
    """The same file under another name, without a copy where that can be done."""
    try:
        path.hardlink_to(source.resolve())
    except OSError:
        shutil.copy(source, path)


@pytest.fixture
def machine(smollm2_path: Path, tool_model: Path, server: str, tmp_path: Path) -> Machine:
    home, folder, commands = tmp_path / "home", tmp_path / "work", tmp_path / "bin"
    kept = home / ".cache" / "gpt4all" / "models"
    sources = {name: tool_model if own == "tools" else TINY_MODELS / own for name, own in STAND_INS.items()}
    for name, source in {**sources, models.DEFAULT_MODEL: smollm2_path}.items():
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        put(source, kept / name)
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(TINY_MODELS / "tiny-llama-f32.gguf", folder / "model-f16.gguf")
    shutil.copy(TINY_MODELS / "tiny-llama-f32.gguf", folder / "model.gguf")
    write_gptj(folder / "gpt-j-6b")
    write_lora(folder / "my-adapter", lora_tensors(["transformer.h.0.attn.q_proj"]))
    for name in ("docs", "gpt4all-backend", "gpt4all-bindings"):
        (folder / name).symlink_to(ROOT / name)
    library = Path(load().path)
    (folder / "build" / "release").mkdir(parents=True)
    (folder / "build" / "release" / "bin").symlink_to(library.parent)
    commands.mkdir()
    for name, code in (("gpt4all", GPT4ALL), ("python", 'exec "{python}" "$@"')):
        (commands / name).write_text("#!/bin/sh\n" + code.format(python=sys.executable) + "\n")
        (commands / name).chmod(0o755)
    environment = {
        "HOME": str(home),
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": str(PYTHON),
        "GPT4ALL_LIBRARY": str(library),
        "GPT4ALL_MIRROR": server,
        "HF_ENDPOINT": server,
        "HTTPS_PROXY": "http://127.0.0.1:9",  # nothing is to come from elsewhere
        "LANG": "C.UTF-8",
    }
    return Machine(folder, kept, environment)


# ------------------------------------------------------------------------------------------------------------ the tests


def test_every_block_of_code_says_what_it_is() -> None:
    found = [(str(page), each.line, each.language) for page in pages() for each in examples(page)]
    assert [each for each in found if each[2] not in LANGUAGES] == []
    assert {language for _, _, language in found} == LANGUAGES


def test_the_guide_has_examples() -> None:
    assert len(with_examples("python")) >= 10
    assert {"docs/command-line.md", "docs/models.md", "gpt4all-bindings/python/README.md"} <= set(with_examples("sh"))


@pytest.mark.parametrize(("place", "reason"), left_out())
def test_left_out(place: str, reason: str) -> None:
    pytest.skip(f"{place}: {reason}")


@pytest.mark.parametrize("page", with_examples("python"))
@pytest.mark.timeout(600)
def test_python(page: str, machine: Machine, short_model: Path) -> None:
    default = machine.models / models.DEFAULT_MODEL
    default.unlink()
    put(short_model, default)
    (machine.folder / "example.py").write_text(program(ROOT / page, "python"), encoding="utf-8")
    done = machine.run("python", "example.py")
    assert done.returncode == 0, f"{page}: {done.stderr}\n{done.stdout}"
    assert done.stdout.strip()


@pytest.mark.parametrize("page", with_examples("sh"))
@pytest.mark.timeout(600)
def test_shell(page: str, machine: Machine) -> None:
    code = "set -Eeuo pipefail; trap 'echo line $LINENO failed >&2' ERR" + program(ROOT / page, "sh")
    done = machine.run("bash", "-c", code)
    assert done.returncode == 0, f"{page}: {done.stderr}\n{done.stdout}"
    assert done.stdout.strip()
