"""What the tests of downloads share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from misbehaving_server import MisbehavingServer

from gpt4all import models
from gpt4all.models._catalogue import CatalogueEntry, parse_catalogue
from gpt4all.models._files import state_folder

SIZE = 200_000
QUICK: dict[str, Any] = {"connect_seconds": 2, "stall_seconds": 10, "retries": 3, "backoff_seconds": 0.01}


def quick(**changes: Any) -> models.Settings:
    """Settings whose waits fit tests, on a busy machine, too."""
    return models.Settings(**{**QUICK, **changes})


def quick_for(script: str, **changes: Any) -> models.Settings:
    """The same, and not long for a server that stalls on purpose."""
    stalls = "stall" in script or "drip" in script
    return quick(**{**({"stall_seconds": 0.5} if stalls else {}), **changes})


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def left_in(path: Path) -> set[str]:
    """What downloads of `path` left behind, but for locks and records."""
    state = state_folder(path)
    names = {one.name for one in state.iterdir()} if state.is_dir() else set()
    return {name for name in names if not name.endswith(".lock") and name != path.name + ".json"}


def entry_of(content: bytes, sources: list[dict[str, Any]], file: str = "m.gguf", **changes: Any) -> CatalogueEntry:
    """An entry of a catalogue of one."""
    row = {
        "name": "M",
        "file": file,
        "kind": "chat",
        "description": "A test.",
        "size": len(content),
        "ram_gb": 1,
        "license": {"name": "MIT", "url": "https://example.org"},
        "architecture": "llama",
        "parameters": 1,
        "quantization": "F32",
        "context_length": 8,
        "sources": sources,
        **changes,
    }
    catalogue = {"version": 1, "chat_templates": {}, "models": [{k: v for k, v in row.items() if v is not None}]}
    return parse_catalogue(json.dumps(catalogue))[0]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and an environment that says nothing else of downloads."""
    for name in (
        "GPT4ALL_OFFLINE", "HF_HUB_OFFLINE", "GPT4ALL_MIRROR", "HF_ENDPOINT", "HF_TOKEN", "GPT4ALL_ALLOW_HTTP",
        "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setenv("GPT4ALL_CACHE", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as running:
        yield running
