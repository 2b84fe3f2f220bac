"""Showing what a file says around a passage: from the file, or, once that has changed, from what was read of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._files import File
from ._limits import Limits
from ._page_image import PageImage
from ._reader import Reader
from ._search import joined
from ._store import Store
from ._text import Block, Text

_BEFORE = 300  # characters by which a passage is told from the same words elsewhere on its page


@dataclass(frozen=True)
class Excerpt:
    """A part of what a file says.

    start, end: its characters in the document's text. text: what is there. blocks: those in it, by the same count.
    total: characters of the whole text.
    current: whether it is from the file as it is now, rather than from what was read of it earlier.
    """

    start: int
    end: int
    text: str
    blocks: tuple[Block, ...]
    total: int
    current: bool


class Viewer:
    """Shows files of a store. The text that was read last is kept, as people look at one file at a time."""

    def __init__(self, store: Store, limits: Limits | None) -> None:
        self._store = store
        self._reader = Reader(limits)
        self._lock = threading.Lock()
        self._last: tuple[int, str, Text] | None = None

    def close(self) -> None:
        self._reader.close()

    def page(self, file: File, number: int, start: int, end: int, width: int) -> PageImage:
        """Raises UnreadableError."""
        passage, before = self._passage(file, number, start, end) if end > start else ("", "")
        return self._reader.page(file.path, number, width=width, passage=passage, before=before)

    def _passage(self, file: File, number: int, start: int, end: int) -> tuple[str, str]:
        """The text of a span as far as it may be on that page, and what comes before it."""
        rows = self._chunks(file, "page_first <= ? AND page_last >= ?", (number, number))
        if not rows:
            return "", ""
        text, first = joined(rows), rows[0][0]
        begin, stop = max(start - first, 0), max(end - first, 0)
        return text[begin:stop], text[max(begin - _BEFORE, 0) : begin]

    def text(self, file: File, start: int, end: int, around: int) -> Excerpt:
        """From the file while it is as it was read. Raises UnreadableError if there is nothing to show."""
        whole = self._current(file)
        if whole is None:
            return self._remembered(file, start, end, around)
        total = len(whole.text)
        first, last = min(max(start - around, 0), total), min(max(end, start) + around, total)
        shown = [block for block in whole.blocks if block.start < last and block.end > first]
        if shown:
            first, last = min(first, shown[0].start), max(last, shown[-1].end)
        return Excerpt(first, last, whole.text[first:last], tuple(shown), total, True)

    def _current(self, file: File) -> Text | None:
        with self._lock:
            known = self._last
            if known is not None and known[:2] == (file.id, file.sha256) and file.compared() == "same":
                return known[2]
            if file.compared() != "same":
                return None
            text = self._reader.read(file.path)
            if text.sha256 != file.sha256:
                return None
            self._last = (file.id, text.sha256, text)
            return text

    def _remembered(self, file: File, start: int, end: int, around: int) -> Excerpt:
        bounds = (max(end, start) + around, max(start - around, 0))
        rows = self._chunks(file, "char_start <= ? AND char_end >= ?", bounds)
        if not rows:
            return Excerpt(start, start, "", (), 0, False)
        first = place = rows[0][0]
        text = ""
        blocks: list[Block] = []
        for begin, stop, page, _, heading, part in rows:
            if stop > place or not blocks:  # what two chunks share is told once
                text += "\n" * (begin - place) + part[max(place - begin, 0) :]
                headings = tuple(filter(None, heading.split(" > ")))
                blocks.append(Block(max(begin, place), stop, "paragraph", headings, page))
                place = stop
        total = self._store.rows(
            "SELECT t.characters FROM contents t JOIN files f ON f.content_id = t.id WHERE f.id = ?", (file.id,)
        )[0][0]
        return Excerpt(first, place, text, tuple(blocks), total, False)

    def _chunks(self, file: File, where: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._store.rows(
            "SELECT c.char_start, c.char_end, c.page_first, c.page_last, c.heading, c.text FROM chunks c "
            f"JOIN files f ON f.content_id = c.content_id WHERE f.id = ? AND {where} ORDER BY c.ord",
            (file.id, *values),
        )


def same_content(store: Store, file: File) -> int | None:
    """Another file with what this one said, as after it was renamed."""
    rows = store.rows(
        "SELECT o.id FROM files f JOIN files o ON o.content_id = f.content_id AND o.state = 'ready' "
        "WHERE f.id = ? AND o.id != f.id ORDER BY o.id LIMIT 1",
        (file.id,),
    )
    return rows[0][0] if rows else None
