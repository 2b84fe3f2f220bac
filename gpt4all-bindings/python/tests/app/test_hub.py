"""Searching a hub, which is a local one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "gpt4all-bindings" / "catalogue"))

from misbehaving_server import MisbehavingServer

from gpt4all import models
from gpt4all._app.models import hosts, hub
from gpt4all._app.models.fit import Machine
from gpt4all.models import DownloadError, OfflineError

MACHINE = Machine(16 * 10**9, 12 * 10**9, 100 * 10**9)
WANTED = "/api/models"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MisbehavingServer]:
    for name in ("GPT4ALL_OFFLINE", "HF_HUB_OFFLINE", "HF_TOKEN", "GPT4ALL_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    with MisbehavingServer() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def answer(server: MisbehavingServer, path: str, value: object) -> None:
    server.state.pages[path] = ("application/json", json.dumps(value).encode())


def test_files_with_their_sizes_and_fit(server: MisbehavingServer) -> None:
    answer(server, WANTED, [{"id": "me/Small-GGUF", "downloads": 7}, {"id": "../../etc", "downloads": 9}, {"id": 3}])
    rows: list[dict[str, object]] = [
        {"path": "small-Q4.gguf", "size": 10**9},
        {"path": "mmproj-small.gguf", "size": 10**8},
        {"path": "README.md", "size": 100},
        {"path": "big/big-00001-of-00002.gguf", "size": 20 * 10**9},
        {"path": "big/big-00002-of-00002.gguf", "size": 20 * 10**9},
        {"path": "half-00001-of-00002.gguf", "size": 10**9},
        {"path": "odd.gguf", "size": "many"},
        {"path": ["odd"], "size": 1},
    ]
    answer(server, "/api/models/me/Small-GGUF/tree/main", rows)
    found = hub.search("small", hosts.settings(), MACHINE)
    assert [(each.model, each.size, each.downloads, each.fit.verdict) for each in found] == [
        ("hf://me/Small-GGUF/small-Q4.gguf", 10**9, 7, "good"),
        ("hf://me/Small-GGUF/big/big-00001-of-00002.gguf", 40 * 10**9, 7, "no"),
    ]
    assert len(server.state.asked) == 2


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"3", b"\xff"])
def test_answers_that_are_none(server: MisbehavingServer, body: bytes) -> None:
    server.state.pages[WANTED] = ("application/json", body)
    with pytest.raises(DownloadError, match="the hub answered with something other"):
        hub.search("small", hosts.settings(), MACHINE)


def test_offline_nothing_is_asked(server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT4ALL_OFFLINE", "1")
    with pytest.raises(OfflineError):
        hub.search("small", models.Settings(), MACHINE)
    assert server.state.asked == []
