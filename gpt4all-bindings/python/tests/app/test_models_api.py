"""Models over the application's API: those that are here, opening and closing, the catalogue, imports."""

from __future__ import annotations

import base64
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODELS

from .conftest import TEXT, VECTORS
from .running import App, running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def app(store: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """With a store of its own, in which one model is broken."""
    own = tmp_path_factory.mktemp("own")
    (own / "models").mkdir()
    for name in (TEXT, VECTORS):
        shutil.copy(TINY_MODELS / name, own / "models" / name)
    (own / "models" / "broken.gguf").write_bytes(b"GGUF and no more")
    with running(own, tmp_path_factory.mktemp("app") / "data", HOME=str(home)) as one:
        yield one


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def model(app: App, id: str) -> Any:
    return next((each for each in app.ask("GET", "/models") if each["id"] == id), None)


def test_what_is_here(app: App) -> None:
    text = model(app, TEXT)
    assert (text["kind"], text["quantization"], text["state"], text["images"]) == ("chat", "Q4_0", "closed", False)
    assert text["size"] == (TINY_MODELS / TEXT).stat().st_size
    assert text["context"] > 0
    assert text["memory_bytes"] > 0
    assert text["fit"]["verdict"] == "good"
    assert "needs about" in text["fit"]["reason"]
    assert model(app, VECTORS)["kind"] == "embedding"


def test_a_model_is_opened_and_closed(app: App) -> None:
    app.ask("POST", f"/models/{TEXT}/open", status=202)
    until(lambda: model(app, TEXT)["state"] == "open")
    if sys.platform == "linux":  # which tells
        assert 1_000_000 < model(app, TEXT)["resident_bytes"] < 4_000_000_000
    app.ask("POST", f"/models/{TEXT}/close", status=204)
    until(lambda: model(app, TEXT)["state"] == "closed")
    assert model(app, TEXT)["resident_bytes"] is None
    assert app.ask("POST", "/models/none/open", status=404)["error"]["code"] == "model_not_found"


def test_complaint_13_a_model_that_cannot_be_opened_says_why_and_offers_three_remedies(app: App) -> None:
    broken = model(app, "broken.gguf")
    assert broken["state"] == "failed"
    assert broken["error"]["message"]
    assert len(broken["error"]["remedies"]) == 3
    app.ask("POST", "/models/broken.gguf/open", status=202)
    until(lambda: model(app, "broken.gguf")["state"] == "failed")
    assert len(model(app, "broken.gguf")["error"]["remedies"]) == 3


def test_the_catalogue_with_fit_and_recommendations(app: App) -> None:
    listed = app.ask("GET", "/models/catalogue")
    assert len(listed) > 20
    assert all(each["fit"]["reason"] and each["download_bytes"] > 0 and each["licence"] for each in listed)
    assert 1 <= sum(each["recommended"] for each in listed) <= 3
    assert not any(each["installed"] for each in listed)


def test_a_file_is_imported_and_deleted(app: App, home: Path) -> None:
    shutil.copy(TINY_MODELS / TEXT, home / "mine.gguf")
    shown = app.ask("GET", "/browse")
    entry = next(each for each in shown["entries"] if each["name"] == "mine.gguf")
    told = app.ask("POST", "/models/import", {"path": entry["path"]}, status=202)
    done = until(lambda: [each for each in app.ask("GET", "/downloads") if each["state"] == "done"])
    assert (done[0]["id"], done[0]["name"]) == (told["id"], "mine.gguf")
    assert until(lambda: model(app, "mine.gguf"))["kind"] == "chat"
    app.ask("DELETE", "/models/mine.gguf", status=204)
    assert model(app, "mine.gguf") is None
    assert (home / "mine.gguf").exists()
    app.ask("POST", "/models/import", {"path": str(TINY_MODELS / TEXT)}, status=403)


def test_a_file_that_is_dropped_on_the_page_is_sent(app: App) -> None:
    data = (TINY_MODELS / TEXT).read_bytes()
    half = len(data) // 2
    for offset, piece in ((0, data[:half]), (half, data[half:])):
        body = {"name": "dropped.gguf", "size": len(data), "offset": offset, "data": base64.b64encode(piece).decode()}
        told = app.ask("POST", "/models/upload", body)
    until(lambda: next(each for each in app.ask("GET", "/downloads") if each["id"] == told["id"])["state"] == "done")
    assert until(lambda: model(app, "dropped.gguf"))["kind"] == "chat"
    app.ask("POST", "/models/upload", {**body, "name": "../x.gguf"}, status=400)
    app.ask("DELETE", "/models/dropped.gguf", status=204)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "https://evil.example/m.gguf"}, 400),
        ({"model": "../../etc/passwd"}, 400),
        ({"model": "no such model"}, 404),
        ({"repository": "../x", "file": "m.gguf"}, 400),
        ({"repository": "me/x", "file": "../../m.gguf"}, 400),
        ({"repository": "me/x"}, 400),
        ({}, 400),
    ],
)
def test_what_is_not_downloaded(app: App, body: dict[str, str], status: int) -> None:
    before = app.ask("GET", "/downloads")
    app.ask("POST", "/downloads", body, status=status)
    assert app.ask("GET", "/downloads") == before


def test_a_failed_download_says_why_and_offers_three_remedies(app: App) -> None:
    told = app.ask("POST", "/downloads", {"model": "Qwen3 0.6B"}, status=202)
    failed = until(
        lambda: next(
            (each for each in app.ask("GET", "/downloads") if each["id"] == told["id"] and each["error"]), None
        )
    )
    assert failed["state"] == "failed"
    assert failed["error"]["code"] == "offline"
    assert len(failed["error"]["remedies"]) == 3
    app.ask("DELETE", f"/downloads/{told['id']}", status=204)
    app.ask("GET", "/models/hub?q=qwen", status=502)
