"""Measuring a search: how much of the answers it finds, what each part of it does for that, and whether it knows what
is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from gpt4all.documents import Documents, Reader
from gpt4all.documents._search import PER_FILE, Candidate, Search

from .metrics import Span, auc, ndcg, overlap, percentile, recall
from .questions import Question, span

DEEPEST = 20
METHODS: dict[str, Callable[[Candidate], float | None]] = {
    "words": lambda each: each.words and -each.words,
    "vectors": lambda each: each.vectors and -each.vectors,
    "hybrid": lambda each: each.fused,
}
"""What passages are ordered by: the words of the question alone, its meaning alone, and both with pieces of words."""


def measured(
    documents: Documents, questions: Sequence[Question], folder: Path, passages: int | None = None
) -> dict[str, Any]:
    """The numbers of an index of a folder, over these questions. Raises MovedError.

    passages: of how many passages the recall is told, too.
    """
    answers = spans(questions, folder)
    rankings = _rankings(documents, list(answers))
    kinds = {"all": set(answers)}
    for question in answers:
        kinds.setdefault(question.kind, set()).add(question)
    quality = {
        method: {
            kind: _means([(rankings[each][method], answers[each]) for each in own], passages)
            for kind, own in kinds.items()
        }
        for method in METHODS
    }
    found = {each: documents.search(each.text) for each in questions}
    there = [result.relevance for each, result in found.items() if each.answer]
    elsewhere = [result.relevance for each, result in found.items() if not each.answer]
    milliseconds = [result.seconds * 1000 for result in found.values()]
    collection = documents.collections()[0]
    return {
        "files": collection.states["ready"],
        "chunks": collection.chunks,
        "questions": {kind: len(own) for kind, own in kinds.items()} | {"elsewhere": len(elsewhere)},
        "quality": quality,
        "refusal": {
            "auc": round(auc(there, elsewhere), 4),
            "answered": round(sum(found[each].answerable for each in answers) / len(there), 4),
            "refused": round(sum(not r.answerable for q, r in found.items() if not q.answer) / len(elsewhere), 4),
        },
        "milliseconds": {"p50": round(percentile(milliseconds, 0.5)), "p95": round(percentile(milliseconds, 0.95))},
    }


def spans(questions: Iterable[Question], folder: Path) -> dict[Question, Span]:
    """Where the answers stand. Raises MovedError."""
    answered = [(each, each.answer) for each in questions if each.answer is not None]
    with Reader() as reader:
        texts = {file: reader.read(folder / file) for file in sorted({answer.file for _, answer in answered})}
    return {each: (answer.file, *span(answer, texts[answer.file])) for each, answer in answered}


def _rankings(documents: Documents, questions: Sequence[Question]) -> dict[Question, dict[str, list[Span]]]:
    """For each question and method the best passages, in order."""
    search = Search(documents._store, documents._embedder())
    numbers = documents._numbers(None)
    query = "SELECT c.id, f.relpath, c.char_start, c.char_end FROM chunks c JOIN files f ON f.content_id = c.content_id"
    places: dict[int, Span] = {row[0]: row[1:] for row in documents._store.rows(query)}
    rankings = {}
    for question in questions:
        candidates = search.candidates(question.text, numbers)
        rankings[question] = {method: _best(candidates, places, key) for method, key in METHODS.items()}
    return rankings


def _best(
    candidates: Iterable[Candidate], places: dict[int, Span], key: Callable[[Candidate], float | None]
) -> list[Span]:
    """The best by a key, of those that have it, and no more of a file than a search gives."""
    scored = [(score, places[each.chunk]) for each in candidates if (score := key(each)) is not None]
    ordered = [place for _, place in sorted(scored, key=lambda each: -each[0])]
    chosen = [place for rank, place in enumerate(ordered) if _before(ordered[:rank], place[0]) < PER_FILE]
    return chosen[:DEEPEST]


def _before(places: Iterable[Span], file: str) -> int:
    return sum(place[0] == file for place in places)


def _means(pairs: Sequence[tuple[list[Span], Span]], passages: int | None) -> dict[str, float]:
    def mean(numbers: Iterable[float]) -> float:
        return round(sum(numbers) / len(pairs), 4)

    own = {} if passages is None else {"recall": mean(recall(ranking, answer, passages) for ranking, answer in pairs)}
    return own | {
        "recall_5": mean(recall(ranking, answer, 5) for ranking, answer in pairs),
        "recall_20": mean(recall(ranking, answer, 20) for ranking, answer in pairs),
        "ndcg_10": mean(ndcg(ranking, answer, 10) for ranking, answer in pairs),
        "overlap_5": mean(overlap(ranking, answer, 5) for ranking, answer in pairs),
    }
