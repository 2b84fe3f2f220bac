"""Tiny models in a store, and the application on them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, TINY_MODELS

for needed in ("fastapi", "uvicorn", "prometheus_client", "pypdfium2"):
    pytest.importorskip(needed, reason="`make test LANES=app` installs what the application needs")

from .running import App, running  # noqa: E402

TEXT = "tiny-llama-q4_0.gguf"
THINKING = "thinking.gguf"
TOOLS = "tools.gguf"
VECTORS = "tiny-bert.gguf"
SMOLLM2 = "smollm2.gguf"


@pytest.fixture(scope="session")
def store(library: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the tiny models."""
    cache = tmp_path_factory.mktemp("store")
    models = cache / "models"
    models.mkdir()
    for name in (TEXT, VECTORS):
        shutil.copy(TINY_MODELS / name, models / name)
    server = ROOT / "gpt4all-bindings" / "python" / "tests" / "server"
    templates = {THINKING: server / "thinking.jinja", TOOLS: ROOT / "ci" / "documentation" / "tools.jinja"}
    for name, template in templates.items():
        text = template.read_text(encoding="utf-8")
        command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", "--chat-template", text]
        source = TINY_MODELS / "tiny-llama-f32.gguf"
        subprocess.run([*command, str(source), str(models / name)], check=True, capture_output=True)
    return cache


@pytest.fixture(scope="session")
def any_app(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """As app, for all tests that neither mind what others have left in it nor change its settings: it takes seconds to
    start one."""
    with running(store, tmp_path_factory.mktemp("app") / "data") as one:
        one.ask("PATCH", "/settings", {"default_model": TEXT})
        yield one


@pytest.fixture(scope="module")
def app(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An application for the tests of a file; its chats use the tiny model."""
    with running(store, tmp_path_factory.mktemp("app") / "data") as one:
        one.ask("PATCH", "/settings", {"default_model": TEXT})
        yield one


@pytest.fixture(scope="session")
def slow_store(store: Path, smollm2_path: Path) -> Path:
    """The same with SmolLM2, which makes sense, and takes its time."""
    place = store / "models" / SMOLLM2
    if not place.exists():
        place.symlink_to(smollm2_path)
    return store


Start = Callable[..., Any]


@pytest.fixture
def start(store: Path, tmp_path: Path) -> Start:
    """Starts an application with options of one's own, as a context manager; again, with the same data."""

    def begin(*options: str, **variables: str) -> Any:
        return running(store, tmp_path / "data", *options, **variables)

    return begin
