"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Scores:
    """Why a passage was found. Ranks count from 1; None where it is not among the best.

    words: rank by the words of the question (BM25). letters: rank by pieces of words. vectors: rank by meaning.
    similarity: cosine between question and passage; None if there is no vector of it.
    fused: what decides the order, up to 1: the mean of its score by words or letters, and of its similarity, each
        divided by that of the best.
    rerank: the reranker's score, which then decides the order, on its own scale; None if it gave none.
    """

    words: int | None
    letters: int | None
    vectors: int | None
    similarity: float | None
    fused: float
    rerank: float | None = None


@dataclass(frozen=True)
class Reranking:
    """What a reranker did for a search.

    candidates: how many it was to rerank. done: how many were ready in time; they come first, by their scores, and the
        rest behind them in the order of Scores.fused.
    """

    candidates: int
    done: int
    seconds: float = field(compare=False, default=0.0)


@dataclass(frozen=True)
class Passage:
    """A part of a document.

    number: counted from 1; what answers cite it by.
    start, end: its characters in the document's text, as Reader gives it. text: what is there.
    pages: the first and last; None if the format has none. found: characters of the chunk that was found, to which
        neighbours were added, or, where the whole document is given, of the one that comes nearest to the question.
    scores: None where the whole document is given. sha256: of the file as it was read.
    file_id: what Documents.file(), page() and text() know the file by; never given to another.
    page: that on which `found` begins.
    """

    number: int
    collection: str
    path: Path
    title: str
    headings: tuple[str, ...]
    pages: tuple[int, int] | None
    start: int
    end: int
    found: tuple[int, int]
    text: str
    sha256: str
    scores: Scores | None = None
    file_id: int | None = None
    page: int | None = None

    @property
    def place(self) -> str:
        """The file's name with the page or heading, for people."""
        if self.pages is not None:
            first, last = self.pages
            return f"{self.path.name}, page {first}" if first == last else f"{self.path.name}, pages {first}-{last}"
        return f"{self.path.name}, {self.headings[-1]}" if self.headings else self.path.name


@dataclass(frozen=True)
class Found:
    """The outcome of a search.

    passages: the best first, within the budget. If answerable is False, they are what comes nearest.
    answerable: whether the documents say anything about the question, as far as relevance tells.
    relevance: from 0 to 1. threshold: what it has to reach.
    whole: whether the passages are all that the collections have, since that fits the budget.
    files, chunks: how many were searched.
    reranking: what the reranker did; None if there is none, or the order does not matter as all is given.
    """

    passages: tuple[Passage, ...]
    answerable: bool
    relevance: float
    threshold: float
    whole: bool
    files: int
    chunks: int
    seconds: float = field(compare=False, default=0.0)
    reranking: Reranking | None = None
