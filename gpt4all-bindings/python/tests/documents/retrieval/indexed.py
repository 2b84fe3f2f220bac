"""The index of the documents, with chunks of a given size. It is kept, and goes on where it was interrupted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from gpt4all.documents import Documents, ModelEmbedder, Progress, _index
from gpt4all.documents._embedder import chunk_sizes

_EVERY = 60  # seconds between lines of progress


@contextmanager
def opened(folder: Path, documents: Path, target: int | None = None, part: str = "") -> Iterator[Documents]:
    """target: tokens that a chunk shall have; None for the default. part: which folder of the documents to index."""
    embedder = ModelEmbedder()
    sizes = chunk_sizes if target is None else lambda _: (target, min(target * 3 // 2, embedder.max_tokens - 32))
    index = Documents(folder / f"index-{target or 'default'}", embedder=embedder)
    try:
        with index, mock.patch.object(_index, "chunk_sizes", sizes):
            index.add("packages", documents, exclude=["*.*", f"!{part}/*.*"] if part else [])
            index.index(progress=_Lines())
            yield index
    finally:
        embedder.close()


class _Lines:
    """Says now and then how far indexing is."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _EVERY

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() >= self._next:
            self._next += _EVERY
            left = "" if progress.seconds_left is None else f", {progress.seconds_left / 60:.0f} minutes left"
            print(f"{progress.files_done} of {progress.files} files, {progress.chunks_done} chunks{left}", flush=True)
