"""Reranking: the order, the time it has, what goes wrong with it, and how it ends."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODELS
from gpt4all import ClosedError, InvalidArgumentError, Model, UnsupportedError
from gpt4all._results import Ranked
from gpt4all.documents import Documents, ModelReranker, Reranking
from gpt4all.documents._rerank_budget import _AT_ONCE
from gpt4all.documents._search import RERANKED

from .faking import FakeEmbedder

TINY = TINY_MODELS / "tiny-bert-rerank.gguf"
NOTES = 40
ALL: dict[str, Any] = {"limit": 50, "budget": 100_000, "whole": False}


class Scripted:
    """Scores by a function of the document. asked: the documents of each call."""

    def __init__(self, score: Callable[[str], float], seconds: float = 0) -> None:
        self.asked: list[list[str]] = []
        self.queries: list[str] = []
        self._score = score
        self._seconds = seconds

    def rerank(self, query: str, documents: Sequence[str], /) -> Iterable[Ranked]:
        self.queries.append(query)
        self.asked.append(list(documents))
        time.sleep(self._seconds)
        # In an order of its own: what counts is the index.
        return [Ranked(index, self._score(text), text) for index, text in reversed(list(enumerate(documents)))]


def number(text: str) -> float:
    """The note's, in the text that is reranked."""
    found = re.search(r"number (\d+)", text)
    assert found
    return float(found[1])


def _always(score: float) -> Callable[[str], float]:
    return lambda _: score


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    folder = tmp_path_factory.mktemp("notes")
    for each in range(NOTES):
        (folder / f"note{each}.md").write_text(
            f"# Zebra\n\nThis is number {each}.{' The zebra eats.' * (each % 7 + 1)}\n"
        )
    with Documents(tmp_path_factory.mktemp("data"), embedder=FakeEmbedder()) as opened:
        opened.add("notes", folder)
        opened.index()
        yield opened


@pytest.fixture(autouse=True)
def none(documents: Documents) -> Iterator[None]:
    yield
    documents.rerank_with(None)


def found(documents: Documents) -> list[float]:
    """The notes in the order in which they are found."""
    return [number(each.text) for each in documents.search("zebra", **ALL).passages]


def test_the_best_thirty_are_ordered_by_the_reranker_and_the_rest_stays_behind(documents: Documents) -> None:
    fused = found(documents)
    assert len(fused) == NOTES
    reranker = Scripted(number)
    documents.rerank_with(reranker, seconds=60)
    result = documents.search("zebra", **ALL)
    order = [number(each.text) for each in result.passages]
    assert order == sorted(fused[:RERANKED], reverse=True) + fused[RERANKED:]
    assert order != fused
    assert result.reranking == Reranking(RERANKED, RERANKED)
    scores = [each.scores.rerank for each in result.passages if each.scores is not None]
    assert scores == [*order[:RERANKED], *[None] * (NOTES - RERANKED)]
    assert all(text.startswith("Zebra > Zebra\n") for call in reranker.asked for text in call)  # its place with it
    assert set(reranker.queries) == {"zebra"}
    documents.rerank_with(None)
    assert found(documents) == fused
    assert documents.search("zebra", **ALL).reranking is None


def test_equal_scores_leave_the_order_as_it_was(documents: Documents) -> None:
    fused = found(documents)
    documents.rerank_with(Scripted(_always(-2.5)), seconds=60)
    assert found(documents) == fused


def test_the_question_before_is_part_of_what_is_asked(documents: Documents) -> None:
    reranker = Scripted(number)
    documents.rerank_with(reranker, seconds=60)
    documents.search("When?", before="Tell me about the zebra", **ALL)
    assert set(reranker.queries) == {"Tell me about the zebra\nWhen?"}


def test_what_is_not_ready_in_time_keeps_its_order_and_that_is_told(documents: Documents) -> None:
    fused = found(documents)
    documents.rerank_with(Scripted(number, seconds=0.15), seconds=0.4)
    begun = time.monotonic()
    result = documents.search("zebra", **ALL)
    assert time.monotonic() - begun < 2
    assert result.reranking is not None
    done = result.reranking.done
    assert done in (_AT_ONCE, 2 * _AT_ONCE)
    assert result.reranking.candidates == RERANKED
    assert [number(each.text) for each in result.passages] == sorted(fused[:done], reverse=True) + fused[done:]


def test_a_reranker_that_does_not_return_holds_up_nobody(documents: Documents) -> None:
    fused, go_on = found(documents), threading.Event()

    class Stuck(Scripted):
        def rerank(self, query: str, documents: Sequence[str], /) -> Iterable[Ranked]:
            go_on.wait(60)
            return super().rerank(query, documents)

    stuck = Stuck(number)
    documents.rerank_with(stuck, seconds=0.1)
    try:
        for _ in range(2):
            begun = time.monotonic()
            result = documents.search("zebra", **ALL)
            assert time.monotonic() - begun < 2
            assert result.reranking == Reranking(RERANKED, 0)
            assert [number(each.text) for each in result.passages] == fused
    finally:
        go_on.set()
    documents.rerank_with(None)
    assert len(stuck.asked) == 1  # the second search's was given up before it began


def test_whether_the_documents_say_something_does_not_depend_on_it(documents: Documents) -> None:
    for question in ("zebra number", "Who won the championship in Brazil?"):
        without = documents.search(question, **ALL)
        documents.rerank_with(Scripted(lambda text: -number(text)), seconds=60)
        reranked = documents.search(question, **ALL)
        documents.rerank_with(None)
        assert (reranked.relevance, reranked.answerable) == (without.relevance, without.answerable)


def test_nothing_is_reranked_where_everything_is_given(documents: Documents) -> None:
    reranker = Scripted(number)
    documents.rerank_with(reranker, seconds=60)
    assert documents.search("zebra").whole
    assert documents.plan("Summarise note1.md and note2.md", budget=10).mode != "passages"
    assert reranker.asked == []


def test_what_a_reranker_raises_is_raised(documents: Documents) -> None:
    class Failing:
        def rerank(self, query: str, documents: Sequence[str], /) -> Iterable[Ranked]:
            raise ClosedError("the reranker is closed")

    documents.rerank_with(Failing())
    with pytest.raises(ClosedError, match="the reranker is closed"):
        documents.search("zebra", **ALL)
    for wrong in ("nan", "inf"):
        documents.rerank_with(Scripted(_always(float(wrong))))
        with pytest.raises(InvalidArgumentError, match="must give each of 4 documents a number"):
            documents.search("zebra", **ALL)

    class Forgetful(Scripted):
        def rerank(self, query: str, documents: Sequence[str], /) -> Iterable[Ranked]:
            return list(super().rerank(query, documents))[1:]

    documents.rerank_with(Forgetful(number))
    with pytest.raises(InvalidArgumentError, match="by its index from 0"):
        documents.search("zebra", **ALL)
    with pytest.raises(InvalidArgumentError, match="more than 0"):
        documents.rerank_with(Scripted(number), seconds=0)


def test_closing_waits_for_what_is_being_reranked(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("This is number 1.")
    begun, ended = threading.Event(), threading.Event()

    class Slow(Scripted):
        def rerank(self, query: str, documents: Sequence[str], /) -> Iterable[Ranked]:
            begun.set()
            time.sleep(0.5)
            ended.set()
            return super().rerank(query, documents)

    with Documents(tmp_path / "data", embedder=FakeEmbedder(), reranker=Slow(number), rerank_seconds=0.05) as opened:
        opened.add("notes", tmp_path / "notes")
        opened.index()
        assert opened.search("number", whole=False).reranking == Reranking(1, 0)
        assert begun.is_set()
    assert ended.is_set()
    with pytest.raises(ClosedError):
        opened.search("number")


# ---------------------------------------------------------------------------------------------------- the real engine


def test_a_model_reranks(library: str, documents: Documents) -> None:
    """The tiny model's scores have no meaning, but they are those that it gives the same texts by itself."""
    texts = Scripted(number)
    documents.rerank_with(texts, seconds=60)
    found(documents)
    with Model(TINY) as model:
        documents.rerank_with(model, seconds=60)
        result = documents.search("zebra", **ALL)
        assert result.reranking == Reranking(RERANKED, RERANKED)
        scores = [each.scores.rerank for each in result.passages[:RERANKED] if each.scores is not None]
        own = model.rerank("zebra", [text for call in texts.asked for text in call])
        assert scores == pytest.approx([each.relevance_score for each in own], abs=0.02)
        assert [number(each.text) for each in result.passages[:3]] == [number(each.document) for each in own][:3]
        documents.rerank_with(None)
        assert not model.closed


def test_a_model_that_cannot_rerank_is_refused_with_what_to_do(library: str, tmp_path: Path) -> None:
    for name in ("tiny-bert.gguf", "tiny-llama-f32.gguf"):
        with pytest.raises(UnsupportedError, match=rf"{name} cannot rerank.*use a reranker, such as hf://.*, or none"):
            ModelReranker(TINY_MODELS / name)
        with Model(TINY_MODELS / name) as model, pytest.raises(UnsupportedError, match="cannot rerank"):
            Documents(tmp_path / "data", embedder=FakeEmbedder(), reranker=model)


def test_what_is_too_long_for_the_model_is_cut(library: str) -> None:
    reranker = ModelReranker(TINY)
    try:
        long = "water is water " * 400
        ranked = {each.index: each for each in reranker.rerank("the cat", ["hello", long, "the dog"])}
        assert [ranked[index].document for index in range(3)] == ["hello", long, "the dog"]
        alone = {each.index: each.relevance_score for each in reranker.rerank("the cat", ["hello", "the dog"])}
        assert ranked[0].relevance_score == pytest.approx(alone[0], abs=0.02)
        assert ranked[2].relevance_score == pytest.approx(alone[1], abs=0.02)
        assert [each.index for each in reranker.rerank(long, ["hello"])] == [0]
        assert {each.index for each in reranker.rerank(long, [long, ""])} == {0, 1}
    finally:
        reranker.close()
    with pytest.raises(ClosedError):
        reranker.rerank("a", ["b"])
