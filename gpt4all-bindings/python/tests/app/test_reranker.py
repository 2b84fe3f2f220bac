"""The reranker that the settings name, with the tiny one: its scores have no meaning, but decide the order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODELS
from gpt4all._app.models.installed import _kind

from .conftest import TEXT, VECTORS
from .running import App, running
from .test_documents_api import idle, until

RANKS = "tiny-bert-rerank.gguf"
DONE = {"candidates": 4, "done": 4}


@pytest.fixture(scope="module")
def app(library: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("reranker")
    (folder / "store" / "models").mkdir(parents=True)
    for name in (TEXT, VECTORS, RANKS):
        shutil.copy(TINY_MODELS / name, folder / "store" / "models" / name)
    notes = folder / "home" / "notes"
    notes.mkdir(parents=True)
    for number in range(4):
        (notes / f"{number}.txt").write_text(f"Note {number} is about the rent of a house. {'It is large. ' * number}")
    with running(folder / "store", folder / "data", HOME=str(folder / "home")) as one:
        one.ask("PUT", "/documents/model", {"model": VECTORS})
        one.ask("PATCH", "/settings", {"default_model": TEXT, "rerank_milliseconds": 60_000})
        one.ask("POST", "/collections", {"name": "notes", "folder": str(notes)})
        until(lambda: idle(one, "notes"))
        yield one


@pytest.fixture(autouse=True)
def none(app: App) -> Iterator[None]:
    yield
    app.ask("DELETE", "/settings/reranker")


def search(app: App, status: int | None = None) -> Any:
    return app.ask("POST", "/documents/search", {"question": "rent of the house", "limit": 10}, status=status)


def reranked(app: App) -> list[float | None]:
    return [passage["scores"]["rerank"] for passage in search(app)["passages"]]


def test_none_is_the_default_and_one_that_is_chosen_orders_what_is_found(app: App) -> None:
    assert app.ask("GET", "/settings")["defaults"]["reranker"] is None
    assert (reranked(app), search(app)["reranking"]) == ([None] * 4, None)
    assert app.ask("PATCH", "/settings", {"reranker": RANKS})["values"]["reranker"] == RANKS
    found = search(app)
    assert {name: found["reranking"][name] for name in DONE} == DONE
    scores = reranked(app)
    assert None not in scores
    assert scores == sorted(scores, key=lambda score: -(score or 0))
    assert len(set(scores)) > 1
    assert app.ask("DELETE", "/settings/reranker")["values"]["reranker"] is None
    assert reranked(app) == [None] * 4


def test_the_time_is_a_setting(app: App) -> None:
    app.ask("PATCH", "/settings", {"reranker": RANKS, "rerank_milliseconds": 0}, status=400)
    try:
        app.ask("PATCH", "/settings", {"reranker": RANKS, "rerank_milliseconds": 50_000})
        assert search(app)["reranking"]["done"] == 4
    finally:
        app.ask("PATCH", "/settings", {"rerank_milliseconds": 60_000})
    assert app.ask("GET", "/settings")["defaults"]["rerank_milliseconds"] == 400


def test_evidence_of_an_answer_has_the_scores(app: App) -> None:
    app.ask("PATCH", "/settings", {"reranker": RANKS, "context_tokens": 1024})
    notes = Path(app.ask("GET", "/collections")[0]["folders"][0])
    long = notes / "long.txt"
    long.write_text("The house has a rent. " * 1000)  # so that not all of it is given
    try:
        app.ask("POST", "/collections/notes/index")
        until(lambda: app.ask("GET", "/collections")[0]["states"]["ready"] == 5 and idle(app, "notes"))
        chat = app.chat(settings={"collections": ["notes"], "sampling": {"max_tokens": 2}})
        message = app.reply(chat, "rent of the house")
        assert message["searched"]["mode"] == "passages"
        assert message["searched"]["reranking"]["done"] == message["searched"]["reranking"]["candidates"] > 4
        # The thirty best are for the most part of one file, of which five are given.
        scores = [each["scores"]["rerank"] for each in message["evidence"]]
        known = [score for score in scores if score is not None]
        assert known == sorted(known, reverse=True)
        assert scores[: len(known)] == known != []
    finally:
        long.unlink()
        app.ask("POST", "/collections/notes/index")
        until(lambda: app.ask("GET", "/collections")[0]["states"]["ready"] == 4)


def test_what_cannot_rerank_is_refused_with_what_to_do(app: App) -> None:
    for name, code in ((VECTORS, "not_a_reranker"), (TEXT, "not_a_reranker"), ("none.gguf", "reranker_missing")):
        error = app.ask("PATCH", "/settings", {"reranker": name, "theme": "dark"}, status=409)["error"]
        assert (error["code"], error["param"]) == (code, "reranker")
        assert error["remedies"][0] == "Choose another reranker, or none, in the settings."
    values = app.ask("GET", "/settings")["values"]
    assert (values["reranker"], values["theme"]) == (None, "system")


def test_one_that_is_gone_is_said_where_it_is_needed(app: App) -> None:
    app.ask("PATCH", "/settings", {"reranker": RANKS})
    app.ask("DELETE", f"/models/{RANKS}")
    error = search(app, status=409)["error"]
    assert error["code"] == "reranker_missing"
    assert RANKS in error["message"]
    assert error["remedies"] == ["Choose another reranker, or none, in the settings.", "Download it, under Models."]
    chat = app.chat(settings={"collections": ["notes"], "sampling": {"max_tokens": 2}})
    message = app.reply(chat, "rent of the house")
    assert (message["state"], message["error"]["code"]) == ("failed", "reranker_missing")
    app.ask("DELETE", "/settings/reranker")
    assert reranked(app) == [None] * 4


def test_a_model_that_can_rerank_is_one_for_that() -> None:
    for generates in (True, False):
        able = {"generate": generates, "embed": True, "rerank": True}
        assert _kind({"capabilities": able}, None) == "reranker"
