"""With all-MiniLM-L6-v2, if it is here: pages of our own guide are found, and what is not there is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ROOT
from gpt4all import models
from gpt4all.documents import Documents, Found

from . import facts
from .faking import FakeEmbedder

# Questions in other words than the page's, and the page that answers each.
ANSWERED = {
    "How do I cancel while the model is still writing?": "streaming.md",
    "How do I get the vectors of many sentences?": "embeddings.md",
    "Order passages by how relevant they are to a query": "embeddings.md",
    "How likely does the model think a continuation is?": "scores.md",
    "Which failures can happen, and what do I do about each?": "errors.md",
    "Can many threads share one model?": "concurrency.md",
    "How can a large model be split over two computers?": "several-machines.md",
    "How do I receive the library's messages?": "logging.md",
    "What happens to the adapter on a split model?": "several-machines.md",
    "Does asyncio work with it?": "concurrency.md",
}
ELSEWHERE = (
    "Who won the football world cup in 1998?",
    "How do I bake sourdough bread?",
    "Which vaccines does a puppy need?",
    "How many moons does Jupiter have?",
    "What is the recipe for a carbonara sauce?",
    "When does the museum open on Sundays?",
    "How do I prune roses in winter?",
    "What is the warranty period of the washing machine?",
    "Who painted the Mona Lisa?",
    "How do I file a tax return in Canada?",
)


def needs_the_model() -> None:
    if not any(model.name == models.DEFAULT_EMBEDDING_MODEL for model in models.list_cached()):
        pytest.skip(f"{models.DEFAULT_EMBEDDING_MODEL} is not here; `gpt4all pull all-MiniLM-L6-v2` fetches it")


@pytest.fixture(scope="module")
def guide(library: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    needs_the_model()
    folder = tmp_path_factory.mktemp("guide")
    for name in set(ANSWERED.values()):
        shutil.copy(ROOT / "docs" / name, folder)
    with Documents(tmp_path_factory.mktemp("data")) as documents:
        documents.add("guide", folder)
        documents.index()
        yield documents


def search(documents: Documents, question: str) -> Found:
    return documents.search(question, limit=3)


@pytest.mark.timeout(300)
def test_pages_are_found_and_what_is_not_there_is_told(guide: Documents) -> None:
    answered = {question: search(guide, question) for question in ANSWERED}
    elsewhere = [search(guide, question) for question in ELSEWHERE]
    reached = [
        question
        for question, found in answered.items()
        if ANSWERED[question] in {Path(each.path).name for each in found.passages}
    ]
    assert len(reached) >= 9, set(ANSWERED) - set(reached)
    pairs = [(one.relevance, other.relevance) for one in answered.values() for other in elsewhere]
    assert sum(one > other for one, other in pairs) / len(pairs) >= 0.95
    assert sum(found.answerable for found in answered.values()) >= 8
    assert sum(found.answerable for found in elsewhere) <= 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("meaning", [False, True], ids=["words", "words and meaning"])
def test_complaint_1_forty_facts_in_twenty_files_in_four_languages_are_found(
    meaning: bool, library: str, tmp_path: Path
) -> None:
    """recall@8 of at least 0.95: with the model, if it is here, and by words and letters alone."""
    if meaning:
        needs_the_model()
    asked = facts.write(tmp_path / "files")
    embedder = None if meaning else FakeEmbedder()
    with Documents(tmp_path / "data", embedder=embedder) as documents:
        documents.add("facts", tmp_path / "files")
        assert documents.index().read == 20
        assert len(asked) == 40
        missed = []
        for question, fact in asked:
            found = documents.search(question, limit=8, whole=False)
            assert len(found.passages) <= 8
            assert found.files == 20
            if not any(fact in passage.text for passage in found.passages):
                missed.append(question)
        print(f"recall@8 {1 - len(missed) / len(asked)}")
    assert len(missed) <= 2, missed
