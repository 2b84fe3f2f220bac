"""Pulling and deleting models with Ollama's client."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import ROOT, TINY_MODELS

from .conftest import TEXT, Served, running

ollama = pytest.importorskip("ollama", reason="`make test LANES=server` installs the clients")

HUB = ROOT / "gpt4all-bindings" / "catalogue" / "misbehaving_server.py"
SIZE = 200_000
LONG = 100_000_000
NOTHING = "+".join(["status-404"] * 12)
SLOW = "+".join(["slow"] * 12)  # also when it is asked again, which a busy machine may lead to


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    """The address of a hub."""
    process = subprocess.Popen([sys.executable, str(HUB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["url"]
    process.stdin.close()
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("changing")


@pytest.fixture
def models(cache: Path) -> Path:
    """A store with one model, whatever other tests have left there."""
    folder = cache / "models"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(TINY_MODELS / TEXT, folder / TEXT)
    return folder


@pytest.fixture(scope="module")
def changing(cache: Path, hub: str) -> Iterator[Served]:
    """A server that lets requests change the store."""
    with running(cache, cache / "log", "--downloads", HF_ENDPOINT=hub, GPT4ALL_OFFLINE="0") as one:
        yield one


def test_pull(changing: Served, models: Path) -> None:
    client = ollama.Client(changing.address)
    lines = list(client.pull(f"hf://owner/f/{SIZE}/good/a.gguf", stream=True))
    assert (lines[0].status, lines[-1].status) == ("pulling manifest", "success")
    told = [line for line in lines if line.completed is not None]
    assert told
    assert [line.completed for line in told] == sorted(line.completed for line in told)
    assert all(line.total == SIZE for line in told if line.status.startswith("pulling hf"))
    assert len(list(models.rglob("a.gguf"))) == 1
    listed = [model for model in client.list().models if model.model.endswith("a.gguf")]
    assert [model.size for model in listed] == [SIZE]  # although it is no model
    assert len(listed[0].digest) == 64
    assert client.pull(f"hf://owner/f/{SIZE}/good/a.gguf").status == "success"
    with pytest.raises(ollama.ResponseError):
        client.show(listed[0].model)
    client.delete(listed[0].model)
    assert not list(models.rglob("a.gguf"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, hub: str) -> Iterator[tuple[Served, Path]]:
    """As changing, for all that is refused, with its folder."""
    cache = tmp_path_factory.mktemp("empty")
    with running(cache, cache / "log", "--downloads", HF_ENDPOINT=hub, GPT4ALL_OFFLINE="0") as one:
        yield one, cache


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("no-such-model", 404),
        ("https://127.0.0.1/a.gguf", 400),
        ("http://169.254.169.254/latest", 400),
        ("hf.co/owner/repository", 400),
        ("hf://owner", 400),
        ("hf://owner/f/../../a.gguf", 400),
        ("../../etc/passwd", 400),
        (f"hf://owner/f/{SIZE}/{NOTHING}/b.gguf", 502),
    ],
)
def test_what_cannot_be_pulled(empty: tuple[Served, Path], name: str, status: int, stream: bool) -> None:
    served, cache = empty
    answer = served.post("/api/pull", {"model": name, "stream": stream})
    if answer.status_code == 200:  # it had begun
        assert "error" in json.loads(answer.content.splitlines()[-1])
    else:
        assert answer.status_code == status, answer.text
        assert answer.json().keys() == {"error"}
    assert not list(cache.rglob("*.gguf"))


def test_a_pull_ends_with_its_client(changing: Served, models: Path) -> None:
    body = {"model": f"hf://owner/f/{LONG}/{SLOW}/c.gguf"}
    with requests.post(f"{changing.address}/api/pull", json=body, stream=True, timeout=60) as answer:
        for line in answer.iter_lines():
            if json.loads(line).get("completed", 0) > 0:
                break
    end = time.monotonic() + 30
    sizes = [0, 1]
    while sizes[-1] != sizes[-2]:
        assert time.monotonic() < end
        time.sleep(1)
        sizes.append(sum(path.stat().st_size for path in models.rglob("c.gguf*.part")))
    assert 0 < sizes[-1] < LONG


def test_delete_closes(changing: Served, models: Path) -> None:
    client = ollama.Client(changing.address)
    client.generate(TEXT, keep_alive=-1)
    assert changing.workers()
    client.delete(TEXT)
    assert not (models / TEXT).exists()
    assert not changing.workers()
    assert not client.list().models
    for again in (client.delete, client.generate):
        with pytest.raises(ollama.ResponseError) as missing:
            again(TEXT)
        assert missing.value.status_code == 404


def test_the_owner_decides(served: Served, store: Path) -> None:
    client: Any = ollama.Client(served.address)
    for change in (client.pull, client.delete):
        with pytest.raises(ollama.ResponseError, match="--downloads") as refused:
            change(TEXT)
        assert refused.value.status_code == 403
    assert (store / "models" / TEXT).exists()
