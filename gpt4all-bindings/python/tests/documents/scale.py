"""How fast a search of many chunks is, and what memory it takes: `python -m documents.scale FOLDER 100000`, in tests/.

The chunks are made: 120 words each, as frequent as words are by Zipf's law, and vectors in random directions. FOLDER
keeps them for the next time.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import numpy

from gpt4all.documents import Documents
from gpt4all.documents._chunks import Chunk
from gpt4all.documents._store import Store
from gpt4all.documents._text import Block, Text

DIMENSION = 384
WORDS = 60_000
PER_FILE = 100
QUESTIONS = 200


class Random:
    """An embedder whose vectors mean nothing."""

    name = "random"
    dimension = DIMENSION
    max_tokens = 512

    def __init__(self) -> None:
        self._random = numpy.random.default_rng(3)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def embed_documents(self, texts: Any) -> Any:
        rows = self._random.normal(size=(len(texts), DIMENSION))
        return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)

    def embed_query(self, text: str) -> Any:
        return self.embed_documents([text])[0]

    def close(self) -> None:
        pass


class Words:
    """Words of three letters and a number, the first of which are the most frequent."""

    def __init__(self) -> None:
        self._random = numpy.random.default_rng(1)
        self._frequencies = numpy.cumsum(1 / (numpy.arange(WORDS) + 2.7))

    def text(self, count: int) -> str:
        places = numpy.searchsorted(self._frequencies, self._random.random(count) * self._frequencies[-1])
        return " ".join(self._word(int(place)) for place in places)

    @staticmethod
    def _word(place: int) -> str:
        letters = ""
        for _ in range(4):
            place, letter = divmod(place, 26)
            letters += chr(ord("a") + letter)
        return letters


def fill(store: Store, folder: int, chunks: int, words: Words, embedder: Random) -> None:
    model = store.model(embedder.name, DIMENSION)
    for file in range(chunks // PER_FILE):
        parts = [words.text(120) for _ in range(PER_FILE)]
        whole = "\n".join(parts)
        cut, begin = [], 0
        for part in parts:
            cut.append(Chunk(begin, begin + len(part), (), None, None))
            begin += len(part) + 1
        with store.change() as connection:
            content = store.add_content(Text(whole, (Block(0, len(whole)),), sha256=str(file)), "text", cut)
            connection.execute(
                "INSERT INTO files (folder_id, relpath, size, mtime_ns, content_id, state, embedded) "
                "VALUES (?, ?, ?, 1, ?, 'ready', 1)",
                (folder, f"{file}.txt", len(whole), content),
            )
        rows = store.rows("SELECT id FROM chunks WHERE content_id = ? ORDER BY ord", (content,))
        store.add_vectors(model, [row[0] for row in rows], embedder.embed_documents(parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("chunks", type=int)
    arguments = parser.parse_args()
    words, embedder = Words(), Random()
    with Documents(arguments.folder / "data", embedder=embedder) as documents:
        if not documents.collections():
            (arguments.folder / "files").mkdir()
            documents.add("made", arguments.folder / "files")
            begun = time.monotonic()
            folder = documents._store.rows("SELECT id FROM folders")[0][0]
            fill(documents._store, folder, arguments.chunks, words, embedder)
            print(f"{(time.monotonic() - begun) / arguments.chunks * 1000:.2f} ms to store a chunk")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        documents.search(words.text(5))
        seconds = []
        begun = time.process_time()
        for _ in range(QUESTIONS):
            found = documents.search(words.text(6))
            seconds.append(found.seconds)
        computed = (time.process_time() - begun) / QUESTIONS
        seconds.sort()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{found.chunks:,} chunks: p50 {seconds[len(seconds) // 2] * 1000:.0f} ms", end=", ")
        print(
            f"p95 {seconds[len(seconds) * 95 // 100] * 1000:.0f} ms, {computed * 1000:.0f} ms of a processor", end=", "
        )
        print(f"{grown:.0f} MB more memory")


if __name__ == "__main__":
    main()
