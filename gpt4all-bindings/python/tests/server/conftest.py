"""A server as users start it, with tiny models in a store of its own."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import ROOT, TINY_MODELS, child_environment

for needed in ("fastapi", "uvicorn", "prometheus_client"):
    pytest.importorskip(needed, reason="`make test LANES=server` installs what the server needs")

HERE = Path(__file__).parent
TEXT = "tiny-llama-q4_0.gguf"
TOOLS = "tools.gguf"
THINKING = "thinking.gguf"
VECTORS = "tiny-bert.gguf"
RANKS = "tiny-bert-rerank.gguf"
KEY = "secret"
START_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """A running server. address: without a slash at its end."""

    address: str
    process: subprocess.Popen[str]

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.address + path, timeout=60, **options)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        return requests.post(self.address + path, json=body, timeout=60, **options)

    def workers(self) -> list[int]:
        """The processes of open models."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(child) for child in children.split()]


Serve = Callable[..., Any]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the tiny models."""
    cache = tmp_path_factory.mktemp("store")
    models = cache / "models"
    models.mkdir()
    for name in (TEXT, VECTORS, RANKS):
        shutil.copy(TINY_MODELS / name, models / name)
    templates = {TOOLS: ROOT / "ci" / "documentation" / "tools.jinja", THINKING: HERE / "thinking.jinja"}
    source = str(TINY_MODELS / "tiny-llama-f32.gguf")
    for name, template in templates.items():
        text = template.read_text(encoding="utf-8")
        command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", "--chat-template", text, source]
        subprocess.run([*command, str(models / name)], check=True, capture_output=True)
    return cache


@contextmanager
def running(store: Path, log: Path, *options: str, **variables: str) -> Iterator[Served]:
    """A server with these options."""
    environment = child_environment(**{"GPT4ALL_CACHE": str(store), "GPT4ALL_OFFLINE": "1", **variables})
    command = [sys.executable, "-m", "gpt4all", "serve", "--port", "0", *options]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=output, text=True)
    assert process.stderr is not None
    lines = []
    address = None
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"serving on (\S+)", line):
            address = found[1]
        if "startup complete" in line:
            break
    assert address, "".join(lines)
    drained = subprocess.Popen(["tee", str(log)], stdin=process.stderr, stdout=subprocess.DEVNULL)
    try:
        yield Served(address, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)
        drained.wait(START_SECONDS)


def _for_all_files(*options: str) -> Any:
    """A server for the whole session: starting one takes seconds, and most tests ask what any of them answers."""

    @pytest.fixture(scope="session")
    def shared(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
        with running(store, tmp_path_factory.mktemp("log") / "server.log", *options) as one:
            yield one

    return shared


# As it comes, for tests that leave it as it was.
served = _for_all_files("--n-parallel", "4")
# It asks for a key.
keyed = _for_all_files("--api-key", KEY)
# Its answers have three tokens at most.
brief = _for_all_files("--max-tokens", "3")
# Its models may be ended: each by one test alone, as it is not opened again at once after more crashes.
crashing = _for_all_files()


@pytest.fixture
def serve(store: Path, tmp_path: Path) -> Serve:
    """Starts a server with options of one's own, as a context manager."""

    def start(*options: str, **variables: str) -> Any:
        return running(store, tmp_path / "server.log", *options, **variables)

    return start
