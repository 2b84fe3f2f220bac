"""Downloads as jobs: paused, resumed, cut, verified, known after a restart; and files that are imported."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import ROOT, TINY_MODELS

sys.path.insert(0, str(ROOT / "gpt4all-bindings" / "catalogue"))

from misbehaving_server import MisbehavingServer, content_of

from gpt4all import models
from gpt4all._app.models import hosts
from gpt4all._app.models.downloads import Downloads
from gpt4all._app.schemas.models import Download
from gpt4all._server.errors import RequestError

SIZE = 400_000


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as running:
        yield running


@pytest.fixture
def other(server: MisbehavingServer) -> Iterator[MisbehavingServer]:
    """Where the hub passes downloads on to."""
    with MisbehavingServer(state=server.state, listener="other_url") as running:
        server.state.other = running.url
        yield running


@pytest.fixture
def cache(tmp_path: Path, server: MisbehavingServer, other: MisbehavingServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, whose hub is the server."""
    for name in ("GPT4ALL_OFFLINE", "HF_HUB_OFFLINE", "HF_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GPT4ALL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("GPT4ALL_MIRROR", other.url)
    return tmp_path / "cache" / "models"


def quick() -> models.Settings:
    chosen = hosts.settings()
    return models.Settings(refuse=chosen.refuse, connect_seconds=2, stall_seconds=10, retries=3, backoff_seconds=0.01)


def make(folder: Path) -> Downloads:
    return Downloads(folder, lambda: None, lambda: None, quick)


@pytest.fixture
def downloads(cache: Path, tmp_path: Path) -> Iterator[Downloads]:
    made = make(tmp_path / "data")
    yield made
    made.close()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def only(downloads: Downloads) -> Download:
    (one,) = downloads.all()
    return one


def name(script: str, id: str = "m", size: int = SIZE) -> str:
    return f"hf://owner/{id}/{size}/{script}/m.gguf"


def file_of(cache: Path, script: str, id: str = "m", size: int = SIZE) -> Path:
    return cache / "hf" / "owner" / id / str(size) / script / "m.gguf"


def test_complaint_13_a_cut_connection_resumes_by_range_and_done_is_said_only_of_what_was_verified(
    downloads: Downloads, cache: Path, server: MisbehavingServer
) -> None:
    script = "cut-100000+reset-250000+good"
    seen: set[str] = set()
    downloads.add(name(script))
    path = file_of(cache, script)
    while (told := only(downloads)).state not in ("done", "failed"):
        seen.add(told.state)
        assert not path.exists() or path.read_bytes() == content_of("m", SIZE)
        time.sleep(0.001)
    assert (told.state, told.received, told.total, told.error) == ("done", SIZE, SIZE, None)
    assert path.read_bytes() == content_of("m", SIZE)
    ranges = [one.headers["Range"] for one in server.state.asked if "Range" in one.headers]
    assert [int(each.removeprefix("bytes=").removesuffix("-")) >= 100_000 for each in ranges] == [True] * len(ranges)
    assert len(ranges) >= 2
    assert models.verify(path).ok


def test_complaint_13_what_arrives_wrong_is_never_said_to_be_done(downloads: Downloads, cache: Path) -> None:
    downloads.add(name("wrong+wrong+wrong+wrong+wrong+wrong"))
    until(lambda: only(downloads).state in ("done", "failed"))
    told = only(downloads)
    assert told.state == "failed"
    assert told.error is not None
    assert told.error.code == "checksum"
    assert len(told.error.remedies) == 3
    assert not file_of(cache, "wrong+wrong+wrong+wrong+wrong+wrong").exists()


def test_a_download_is_paused_and_resumed_from_where_it_was(
    downloads: Downloads, cache: Path, server: MisbehavingServer
) -> None:
    told = downloads.add(name("slow", size=4_000_000))
    until(lambda: only(downloads).received > 100_000)
    downloads.pause(told.id)
    until(lambda: only(downloads).state == "paused")
    received = only(downloads).received
    assert 100_000 < received < 4_000_000
    server.state.calm.add("m")
    downloads.resume(told.id)
    until(lambda: only(downloads).state == "done")
    last = [one.headers["Range"] for one in server.state.asked if "Range" in one.headers][-1]
    assert int(last.removeprefix("bytes=").removesuffix("-")) >= received
    assert file_of(cache, "slow", size=4_000_000).read_bytes() == content_of("m", 4_000_000)


def test_after_a_restart_it_is_known_and_waits_to_be_resumed(
    cache: Path, tmp_path: Path, server: MisbehavingServer
) -> None:
    first = make(tmp_path / "data")
    told = first.add(name("slow", size=4_000_000))
    until(lambda: only(first).received > 100_000)
    first.close()
    asked = len(server.state.asked)
    second = make(tmp_path / "data")
    try:
        again = only(second)
        assert (again.id, again.state, again.total) == (told.id, "paused", 4_000_000)
        assert again.received > 100_000
        time.sleep(0.2)
        assert len(server.state.asked) == asked  # nothing is fetched that nobody asked for now
        server.state.calm.add("m")
        second.resume(told.id)
        until(lambda: only(second).state == "done")
        assert "Range" in server.state.asked[-1].headers
    finally:
        second.close()


def test_downloads_are_queued_and_removed_with_what_has_come(downloads: Downloads, cache: Path) -> None:
    first = downloads.add(name("slow", size=4_000_000))
    second = downloads.add(name("good", id="other"))
    assert downloads.add(name("good", id="other")).id == second.id
    until(lambda: downloads.all()[0].received > 0)
    assert [each.state for each in downloads.all()] == ["running", "queued"]
    downloads.pause(second.id)
    downloads.remove(first.id)
    until(lambda: len(downloads.all()) == 1)
    assert not list(cache.rglob("*.part"))
    downloads.resume(second.id)
    until(lambda: only(downloads).state == "done")
    assert only(downloads).id == second.id
    downloads.remove(second.id)
    assert downloads.all() == []
    assert file_of(cache, "good", id="other").exists()
    with pytest.raises(RequestError, match="no such download"):
        downloads.pause(second.id)


def test_redirects_are_looked_at_again(
    downloads: Downloads, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that passes a download on to a machine that nobody named."""
    monkeypatch.delenv("GPT4ALL_MIRROR")
    downloads.add(name("good"))
    until(lambda: only(downloads).state == "failed")
    told = only(downloads)
    assert told.error is not None
    assert "may not be used: models come from the catalogue's hosts" in told.error.message
    assert not [one for one in server.state.asked if one.listener == "other_url"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://huggingface.co.evil.example/m.gguf", "catalogue's hosts"),
        ("https://127.0.0.1/m.gguf", "catalogue's hosts"),
        ("https://evilhuggingface.co/m.gguf", "catalogue's hosts"),
        ("https://private.huggingface.co/m.gguf", "leads to 192.168.1.1"),
        ("https://mapped.huggingface.co/m.gguf", "leads to 10.0.0.1"),
        ("https://metadata.hf.co/m.gguf", "leads to 169.254.169.254"),
        ("https://public.huggingface.co/m.gguf", None),
        ("https://gpt4all.io/m.gguf", None),
    ],
)
def test_addresses(url: str, why: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"private": "192.168.1.1", "mapped": "::ffff:10.0.0.1", "metadata": "169.254.169.254"}

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (places.get(host.split(".")[0], "3.3.3.3"), 443))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    told = hosts.refusal(url, models.Settings(hub_endpoint="https://huggingface.co", mirror=None))
    assert (told is None) if why is None else (told is not None and why in told)


# ------------------------------------------------------------------------------------------------------------ imports


def test_a_file_is_imported(library: str, downloads: Downloads, cache: Path, tmp_path: Path) -> None:
    source = tmp_path / "mine.gguf"
    shutil.copy(TINY_MODELS / "tiny-llama-q4_0.gguf", source)
    done = threading.Event()
    downloads._done = done.set
    downloads.take(source)
    until(lambda: only(downloads).state == "done")
    assert done.wait(5)
    assert only(downloads).name == "mine.gguf"
    assert (cache / "mine.gguf").read_bytes() == source.read_bytes()
    assert models.verify("mine.gguf").ok
    with pytest.raises(RequestError) as caught:
        downloads.take(source)
    assert caught.value.failure.status == 409


def test_what_is_no_model_is_not_imported(library: str, downloads: Downloads, cache: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"GGUF and then nothing")
    for path in (wrong, tmp_path, tmp_path / "none.gguf"):
        with pytest.raises(RequestError) as caught:
            downloads.take(path)
        assert caught.value.failure.status == 400
    assert downloads.all() == []
    assert not list(cache.rglob("*.gguf"))


def send(downloads: Downloads, name: str, data: bytes, offset: int = 0, size: int | None = None) -> Download:
    return downloads.receive(name, len(data) if size is None else size, offset, data)


def test_a_file_is_sent_piece_by_piece_and_goes_on_after_a_restart(
    library: str, cache: Path, tmp_path: Path, downloads: Downloads
) -> None:
    data = (TINY_MODELS / "tiny-llama-q4_0.gguf").read_bytes()
    third, size = len(data) // 3, len(data)
    told = send(downloads, "mine.gguf", data[:third], 0, size)
    assert (told.state, told.received, told.total) == ("running", third, size)
    for offset in (third - 1, third + 1, size):
        with pytest.raises(RequestError, match=rf"of mine.gguf, byte {third} must come next"):
            send(downloads, "mine.gguf", b"x", offset, size)
    downloads.close()
    again = make(tmp_path / "data")
    try:
        assert (only(again).state, only(again).received) == ("paused", third)
        assert send(again, "mine.gguf", data[third : 2 * third], third, size).state == "running"
        assert not (cache / "mine.gguf").exists()
        send(again, "mine.gguf", data[2 * third :], 2 * third, size)
        until(lambda: only(again).state == "done")
        assert (cache / "mine.gguf").read_bytes() == data
        assert models.verify("mine.gguf").ok
        with pytest.raises(RequestError) as caught:
            send(again, "mine.gguf", data)
        assert caught.value.failure.code == "already_there"
    finally:
        again.close()


def test_what_is_sent_and_no_model_fails_and_is_removed(library: str, cache: Path, downloads: Downloads) -> None:
    told = send(downloads, "wrong.gguf", b"GGUF and then nothing")
    until(lambda: only(downloads).state == "failed")
    error = only(downloads).error
    assert error is not None
    assert len(error.remedies) == 3
    downloads.remove(told.id)
    assert not list(cache.rglob("wrong*part"))
    for name in ("../up.gguf", "a/b.gguf", "notes.txt", ".gguf", "con.gguf"):
        with pytest.raises((RequestError, models.InvalidNameError)):
            send(downloads, name, b"x")
    half = send(downloads, "half.gguf", b"GGUF", 0, 100)
    assert downloads.pause(half.id).state == "paused"
    with pytest.raises(RequestError, match="send the rest"):
        downloads.resume(half.id)
    downloads.remove(half.id)
    assert downloads.all() == []
    assert not list(cache.rglob("*.part"))
