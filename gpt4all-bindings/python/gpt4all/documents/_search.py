"""Search: by words, by letters and by meaning, put together by how near each is to its best."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _words
from ._embedder import Embedder
from ._rerank_budget import RerankBudget
from ._results import Found, Passage, Reranking, Scores
from ._store import Store, embedded_text
from ._terms import Terms

if TYPE_CHECKING:
    from ._vectors import Integers, Mask

CANDIDATES = 100
PER_FILE = 5
RERANKED = 30  # candidates, the best first
BUDGET = 3000
# Measured with all-MiniLM-L6-v2: docs/documents.md has the numbers.
MEANING = 0.6
THRESHOLD = 0.35
_CHARACTERS = 4  # for a token, about
_FIRST = 4 * CANDIDATES
_LOOKED_UP = 50  # candidates at a time


@dataclass
class Candidate:
    chunk: int
    words: int | None = None
    letters: int | None = None
    vectors: int | None = None
    similarity: float | None = None
    literal: float = 0.0  # how well it has the words or their pieces, compared to the best
    fused: float = 0.0
    rerank: float | None = None

    def scores(self) -> Scores:
        return Scores(self.words, self.letters, self.vectors, self.similarity, self.fused, self.rerank)


class Search:
    """Searches a store. It keeps which chunk has which vector, as long as nothing changes."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._terms = Terms()
        self._slots: tuple[tuple[Any, ...], Integers, Integers] | None = None
        self._masks: dict[tuple[int, ...], Mask] = {}
        self._frequencies: tuple[Any, dict[str, int]] = (None, {})
        self._inside: dict[tuple[Any, ...], frozenset[int]] = {}
        self._counted: dict[tuple[Any, ...], tuple[int, int, int]] = {}

    def find(
        self,
        question: str,
        collections: Sequence[int],
        *,
        before: str | None,
        limit: int,
        budget: int,
        threshold: float,
        whole: bool,
        reranker: RerankBudget | None,
    ) -> Found:
        begun = time.monotonic()
        self._restrict(collections)
        files, chunks, characters = self._sizes(collections)
        asked = f"{before}\n{question}" if before else question
        ranked = self.candidates(asked, collections)
        chosen = self._with_places(ranked, limit)
        # Before anything is reranked: rerankers have scales of their own, which no threshold was chosen for.
        relevance = self._relevance(question, [row for _, row in chosen[:5]], ranked, chunks)
        everything = whole and 0 < characters <= budget * _CHARACTERS
        reranking: Reranking | None = None
        if reranker is not None and not everything:
            ranked, reranking = self._reranked(asked, ranked, reranker)
            chosen = self._with_places(ranked, limit)
        shown = self._whole(chosen, collections) if everything else self._passages(chosen, collections, limit, budget)
        return Found(
            tuple(shown),
            bool(shown) and relevance >= threshold,
            relevance,
            threshold,
            everything,
            files,
            chunks,
            time.monotonic() - begun,
            reranking,
        )

    def _reranked(
        self, question: str, ranked: Sequence[Candidate], reranker: RerankBudget
    ) -> tuple[list[Candidate], Reranking]:
        """The best in the reranker's order, as far as it comes, and the rest behind them as they were."""
        begun = time.monotonic()
        best = [each.chunk for each in ranked[:RERANKED]]
        query = (
            "SELECT c.id, t.title, c.heading, c.text FROM chunks c JOIN contents t ON t.id = c.content_id "
            f"WHERE c.id IN ({','.join('?' * len(best))})"
        )
        texts = {row[0]: embedded_text(*row[1:]) for row in self._store.rows(query, best)}
        there = [each for each in ranked[:RERANKED] if each.chunk in texts]
        scores = reranker.scores(question, [texts[each.chunk] for each in there])
        done = [replace(each, rerank=score) for each, score in zip(there, scores, strict=False)]
        done.sort(key=lambda each: -(each.rerank or 0.0))
        rest = [*there[len(scores) :], *ranked[RERANKED:]]
        return [*done, *rest], Reranking(len(there), len(scores), time.monotonic() - begun)

    def ranked_chunks(
        self, question: str, collections: Sequence[int], contents: frozenset[int]
    ) -> list[tuple[int, int, int]]:
        """Content, place and length of the chunks of some contents that come nearest to a question, the best first."""
        ranked = self.candidates(question, collections)
        query = "SELECT content_id, ord, length(text) FROM chunks WHERE id = ?"
        rows = [row for each in ranked for row in self._store.rows(query, (each.chunk,))]
        return [row for row in rows if row[0] in contents]

    def passage(self, number: int, collections: Sequence[int], content: int, first: int, last: int) -> Passage:
        """What the chunks from one to another say."""
        found = self._store.rows(
            "SELECT MIN(char_start), MAX(char_end) FROM chunks WHERE content_id = ? AND ord BETWEEN ? AND ?",
            (content, first, last),
        )[0]
        return self._passage(number, collections, content, first, last, found, None)

    def _restrict(self, collections: Sequence[int]) -> None:
        places = ",".join("?" * len(collections))
        self._allowed = (
            "SELECT f.content_id FROM files f JOIN folders o ON o.id = f.folder_id "
            f"WHERE f.state = 'ready' AND o.collection_id IN ({places})"
        )

    def _sizes(self, collections: Sequence[int]) -> tuple[int, int, int]:
        """How many files, chunks and characters are searched. Counting a million takes longer than searching them."""
        key = (self._state(), *sorted(collections))
        if key not in self._counted:
            texts = (
                "SELECT COALESCE(SUM(characters), 0), COALESCE(SUM((SELECT COUNT(*) FROM chunks c "
                f"WHERE c.content_id = t.id)), 0) FROM contents t WHERE t.id IN ({self._allowed})"
            )
            files = self._store.rows(f"SELECT COUNT(*) FROM ({self._allowed})", collections)[0][0]
            characters, chunks = self._store.rows(texts, collections)[0]
            self._counted = {key: (files, chunks, characters)}
        return self._counted[key]

    # ------------------------------------------------------------------------------------------------------ candidates

    def candidates(self, question: str, collections: Sequence[int]) -> list[Candidate]:
        """The best by words, letters and meaning, the best of all first."""
        self._restrict(collections)
        found: dict[int, Candidate] = {}
        self._by_words(question, collections, found)
        self._by_meaning(question, collections, found)
        nearest = max((each.similarity or 0.0 for each in found.values()), default=0.0)
        for each in found.values():
            meaning = max(each.similarity or 0.0, 0.0) / nearest if nearest > 0 else 0.0
            each.fused = (each.literal + meaning) / 2
        return sorted(found.values(), key=lambda each: (-each.fused, each.chunk))

    def _by_words(self, question: str, collections: Sequence[int], found: dict[int, Candidate]) -> None:
        words = _words.words(question, self._terms)
        letters: list[tuple[int, float]] = []
        if (query := _words.match(words, self.frequency)) is not None:
            for rank, (chunk, score) in enumerate(self._full_text("chunks_fts", query, collections), 1):
                found[chunk] = Candidate(chunk, words=rank, literal=score)
        if (query := _words.trigram_match(words, self.frequency)) is not None:
            letters = self._full_text("chunks_tri", query, collections)
        for run in _words.short_runs(words) if not letters else ():
            letters += [(chunk, 1.0) for chunk in self._containing(run, collections)]
        for rank, (chunk, score) in enumerate(dict(letters[:CANDIDATES]).items(), 1):
            candidate = found.setdefault(chunk, Candidate(chunk))
            candidate.letters, candidate.literal = rank, max(candidate.literal, score)

    def _by_meaning(self, question: str, collections: Sequence[int], found: dict[int, Candidate]) -> None:
        """Adds the nearest, and how near those are that were found by their words."""
        model = self._store.rows("SELECT id FROM models WHERE name = ?", (self._embedder.name,))
        if not model:
            return
        number = int(model[0][0])
        vectors = self._store.vectors(number)
        chunks = self._chunks_by_slot(number)
        vector = self._embedder.embed_query(question)
        slots, similarities = vectors.nearest(vector, CANDIDATES, self._mask(collections))
        for rank, (chunk, similarity) in enumerate(zip(chunks[slots].tolist(), similarities.tolist(), strict=True), 1):
            candidate = found.setdefault(chunk, Candidate(chunk))
            candidate.vectors, candidate.similarity = rank, similarity
        others = [each.chunk for each in found.values() if each.similarity is None]
        places = ",".join("?" * len(others))
        query = f"SELECT chunk_id, slot FROM vectors WHERE model_id = ? AND chunk_id IN ({places})"
        if rows := self._store.rows(query, (number, *others)):
            for (chunk, _), similarity in zip(
                rows, vectors.similarities([row[1] for row in rows], vector), strict=True
            ):
                found[chunk].similarity = float(similarity)

    def frequency(self, part: str) -> int:
        """In how many chunks a word is. The index counts them each time, so it is asked once."""
        if (state := self._state()) != self._frequencies[0]:
            self._frequencies = (state, {})
        known = self._frequencies[1]
        if part not in known:
            rows = self._store.rows("SELECT doc FROM chunks_vocab WHERE term = ?", (part,))
            known[part] = int(rows[0][0]) if rows else 0
        return known[part]

    def _full_text(self, table: str, query: str, collections: Sequence[int]) -> list[tuple[int, float]]:
        """The best of the collections, with their scores compared to the best. Looking up where each match belongs
        takes longer than ranking them, so the best of all are taken first; they do if enough of them belong here."""
        ranked = f"SELECT rowid, -rank FROM {table} WHERE {table} MATCH ? ORDER BY rank LIMIT ?"
        best = self._store.rows(ranked, (query, _FIRST))
        places = ",".join("?" * len(best))
        allowed = self._contents(collections)
        numbers = [row[0] for row in best]
        belonging = self._store.rows(f"SELECT id, content_id FROM chunks WHERE id IN ({places})", numbers)
        inside = {chunk for chunk, content in belonging if content in allowed}
        if len(best) < _FIRST or len(inside) >= CANDIDATES:
            chosen = [row for row in best if row[0] in inside][:CANDIDATES]
        else:
            statement = (
                f"SELECT c.id, -bm25({table}) AS score FROM {table} JOIN chunks c ON c.id = {table}.rowid "
                f"WHERE {table} MATCH ? AND c.content_id IN ({self._allowed}) ORDER BY score DESC LIMIT ?"
            )
            chosen = self._store.rows(statement, (query, *collections, CANDIDATES))
        top = chosen[0][1] if chosen else 0.0
        return [(chunk, score / top if top > 0 else 1.0) for chunk, score in chosen]

    def _contents(self, collections: Sequence[int]) -> frozenset[int]:
        """What may be found."""
        key = (self._state(), *sorted(collections))
        if key not in self._inside:
            self._inside = {key: frozenset(row[0] for row in self._store.rows(self._allowed, collections))}
        return self._inside[key]

    def _containing(self, text: str, collections: Sequence[int]) -> list[int]:
        statement = f"SELECT id FROM chunks WHERE instr(text, ?) AND content_id IN ({self._allowed}) LIMIT ?"
        return [row[0] for row in self._store.rows(statement, (text, *collections, CANDIDATES))]

    def _chunks_by_slot(self, model: int) -> Integers:
        """Which chunk has the vector of each slot; -1 for none."""
        import numpy

        state = (model, *self._state())
        if self._slots is None or self._slots[0] != state:
            query = "SELECT v.slot, v.chunk_id, c.content_id FROM vectors v JOIN chunks c ON c.id = v.chunk_id "
            with self._store.lock:
                rows = self._store.connection.execute(f"{query} WHERE v.model_id = ?", (model,))
                table = numpy.fromiter((value for row in rows for value in row), numpy.int64).reshape(-1, 3)
            size = int(table[:, 0].max()) + 1 if len(table) else 0
            chunks, contents = numpy.full(size, -1, numpy.int64), numpy.full(size, -1, numpy.int64)
            chunks[table[:, 0]], contents[table[:, 0]] = table[:, 1], table[:, 2]
            self._slots, self._masks = (state, chunks, contents), {}
        return self._slots[1]

    def _state(self) -> tuple[int, int]:
        """Changes whenever the database does, by this process or another."""
        version = self._store.rows("PRAGMA data_version")[0][0]
        return int(version), self._store.connection.total_changes

    def _mask(self, collections: Sequence[int]) -> Mask:
        import numpy

        key = tuple(sorted(collections))
        if key not in self._masks:
            assert self._slots is not None
            allowed = numpy.fromiter((row[0] for row in self._store.rows(self._allowed, collections)), numpy.int64)
            self._masks[key] = numpy.isin(self._slots[2], allowed)
        return self._masks[key]

    # -------------------------------------------------------------------------------------------------------- passages

    def _with_places(self, ranked: Sequence[Candidate], limit: int) -> list[tuple[Candidate, tuple[Any, ...]]]:
        """The best candidates with their chunks, at most PER_FILE from a document; some more than are wanted, as not
        all may fit the budget."""
        chosen: list[tuple[Candidate, tuple[Any, ...]]] = []
        per_file = Counter[int]()
        for begin in range(0, len(ranked), _LOOKED_UP):
            some = ranked[begin : begin + _LOOKED_UP]
            query = (
                "SELECT id, content_id, ord, char_start, char_end, page_first, page_last, heading, text FROM chunks "
                f"WHERE id IN ({','.join('?' * len(some))})"
            )
            rows = {row[0]: row[1:] for row in self._store.rows(query, [each.chunk for each in some])}
            for candidate in some:
                row = rows.get(candidate.chunk)
                if row is not None and per_file[row[0]] < PER_FILE:
                    per_file[row[0]] += 1
                    chosen.append((candidate, row))
            if len(chosen) >= 3 * limit:
                break
        return chosen

    def _relevance(self, question: str, rows: Sequence[Any], candidates: Sequence[Candidate], total: int) -> float:
        """How near the documents come to the question: in meaning, and in its words, of which rare ones weigh more."""
        meaning = max((each.similarity or 0.0 for each in candidates), default=0.0)
        words = _words.words(question, self._terms)
        texts = [f"{row[6]}\n{row[7]}" for row in rows]
        terms = map(frozenset, self._terms(texts))
        covered = [
            _words.coverage(words, text, own, self.frequency, total) for text, own in zip(texts, terms, strict=True)
        ]
        by_words = max(covered, default=0.0)
        return min(max(MEANING * meaning + (1 - MEANING) * by_words, 0.0), 1.0)

    def _passages(
        self, chosen: Sequence[tuple[Candidate, Any]], collections: Sequence[int], limit: int, budget: int
    ) -> list[Passage]:
        """The best within the budget, then their neighbours while there is room."""
        left = budget * _CHARACTERS
        spans: list[list[Any]] = []  # candidate, row, first and last chunk
        taken: set[tuple[int, int]] = set()
        for candidate, row in chosen:
            if len(spans) == limit:
                break
            if (row[0], row[1]) in taken or (spans and len(row[7]) > left):
                continue
            left -= len(row[7])
            taken.add((row[0], row[1]))
            spans.append([candidate, row, row[1], row[1]])
        for span in spans:
            for number, side in ((span[1][1] - 1, 2), (span[1][1] + 1, 3)):
                size = self._size(span[1][0], number)
                if size is None or (span[1][0], number) in taken or size > left:
                    continue
                left -= size
                taken.add((span[1][0], number))
                span[side] = number
        return [
            self._passage(number, collections, row[0], first, last, (row[2], row[3]), candidate.scores())
            for number, (candidate, row, first, last) in enumerate(spans, 1)
        ]

    def _size(self, content: int, number: int) -> int | None:
        rows = self._store.rows("SELECT length(text) FROM chunks WHERE content_id = ? AND ord = ?", (content, number))
        return int(rows[0][0]) if rows else None

    def _whole(self, chosen: Sequence[tuple[Candidate, Any]], collections: Sequence[int]) -> list[Passage]:
        """All documents, each with the chunk that comes nearest to the question as what was found in it."""
        nearest = {row[0]: (row[2], row[3]) for _, row in reversed(chosen)}
        query = (
            "SELECT content_id, MIN(ord), MAX(ord), MIN(char_start), MAX(char_end) FROM chunks "
            f"WHERE content_id IN ({self._allowed}) GROUP BY content_id ORDER BY content_id"
        )
        return [
            self._passage(number, collections, content, first, last, nearest.get(content, (start, end)), None)
            for number, (content, first, last, start, end) in enumerate(self._store.rows(query, collections), 1)
        ]

    def _passage(
        self,
        number: int,
        collections: Sequence[int],
        content: int,
        first: int,
        last: int,
        found: tuple[int, int],
        scores: Scores | None,
    ) -> Passage:
        rows = self._store.rows(
            "SELECT char_start, char_end, page_first, page_last, heading, text FROM chunks "
            "WHERE content_id = ? AND ord BETWEEN ? AND ? ORDER BY ord",
            (content, first, last),
        )
        places = ",".join("?" * len(collections))
        collection, folder, relpath, title, sha256, file = self._store.rows(
            "SELECT k.name, o.path, f.relpath, t.title, t.sha256, f.id "
            "FROM files f JOIN folders o ON o.id = f.folder_id "
            "JOIN collections k ON k.id = o.collection_id JOIN contents t ON t.id = f.content_id "
            f"WHERE f.content_id = ? AND f.state = 'ready' AND k.id IN ({places}) ORDER BY f.id LIMIT 1",
            (content, *collections),
        )[0]
        pages = [page for row in rows for page in row[2:4] if page is not None]
        return Passage(
            number=number,
            collection=collection,
            path=Path(folder) / relpath,
            title=title,
            headings=tuple(part for part in rows[0][4].split(" > ") if part),
            pages=(min(pages), max(pages)) if pages else None,
            start=rows[0][0],
            end=rows[-1][1],
            found=found,
            text=joined(rows),
            sha256=sha256,
            scores=scores,
            file_id=file,
            page=next((row[2] for row in rows if row[0] == found[0]), None),
        )


def joined(rows: Sequence[Any]) -> str:
    """The text of chunks that follow each other: what they share once, and what is between them as blanks."""
    text, end = "", rows[0][0]
    for start, stop, *_, part in rows:
        gap = start - end
        text += ("\n\n" if gap > 1 else " " * gap) + part if gap > 0 else part[-gap:] if gap else part
        end = stop
    return text
