"""A document as text: one string, and the blocks that it consists of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "code", "table"]
"""What a block is."""


@dataclass(frozen=True)
class Block:
    """A heading, paragraph, piece of code or table in a text.

    start, end: its characters, as in text[start:end].
    headings: those that it stands under, from the outermost; for rows of a table, the table's name and first row.
    page: counted from 1; the slide of a presentation, the section of an EPUB; None if the format has no pages.
    """

    start: int
    end: int
    kind: Kind = "paragraph"
    headings: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True)
class Text:
    """What a document says.

    text: of plain text, Markdown, source code and CSV the file's own, decoded; of others the text of its blocks, with
        an empty line between them.
    title: as the document states it; empty if it does not.
    pages: how many there are; None if the format has no pages.
    sha256: of the file.
    """

    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    pages: int | None = None
    sha256: str = ""


class Builder:
    """Puts a text together from pieces, block by block, and keeps the headings that they stand under."""

    def __init__(self, characters: int) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._left = characters
        self._path: list[tuple[int, str]] = []
        self.blocks: list[Block] = []
        self.page: int | None = None
        self.title = ""

    def add(self, text: str, kind: Kind = "paragraph", headings: Iterable[str] | None = None) -> None:
        """One block, if there is anything in it. Raises TooMuchTextError."""
        text = text.strip("\n") if kind == "code" else text.strip()
        if not text.strip():
            return
        self._left -= len(text) + 2
        if self._left < 0:
            raise TooMuchTextError
        if self._pieces:
            self._pieces.append("\n\n")
            self._length += 2
        start, self._length = self._length, self._length + len(text)
        self._pieces.append(text)
        path = tuple(name for _, name in self._path) if headings is None else tuple(headings)
        self.blocks.append(Block(start, self._length, kind, path, self.page))

    def heading(self, text: str, level: int) -> None:
        """A heading, which holds for the blocks that follow, up to the next of its level."""
        text = " ".join(text.split())
        if text:
            self.under(text, level)
            self.add(text, "heading")

    def under(self, text: str, level: int) -> None:
        """As heading(), without a block of its own."""
        self._path = [(above, name) for above, name in self._path if above < level] + [(level, text[:200])]

    def text(self, pages: int | None = None) -> Text:
        return Text("".join(self._pieces), tuple(self.blocks), self.title.strip(), pages)


class TooMuchTextError(Exception):
    """There is more text than the limit allows."""
