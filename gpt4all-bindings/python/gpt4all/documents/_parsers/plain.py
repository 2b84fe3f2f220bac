"""Text, source code, CSV, Markdown and reStructuredText: the text stays as in the file, and blocks are ranges of it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from .._limits import Limits
from .._text import Block, Kind, Text, TooMuchTextError
from .decoding import decode

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MARKERS = "=-`:.'\"~^_*+#"
ROWS = 50  # of a table, in one block


def _read(path: Path, limits: Limits) -> str:
    text = decode(path.read_bytes())
    if len(text) > limits.characters:
        raise TooMuchTextError
    return text


def _lines(text: str) -> list[tuple[int, str]]:
    """Where each line begins, and its text."""
    return [(found.start(), found[0]) for found in _LINE.finditer(text)]


def _groups(lines: list[tuple[int, str]]) -> Iterator[tuple[int, int]]:
    """Ranges of lines between empty ones, as indices."""
    begun: int | None = None
    for index, (_, line) in enumerate(lines):
        if line.strip():
            begun = index if begun is None else begun
        elif begun is not None:
            yield begun, index
            begun = None
    if begun is not None:
        yield begun, len(lines)


def _block(
    lines: list[tuple[int, str]], first: int, last: int, kind: Kind = "paragraph", headings: tuple[str, ...] = ()
) -> Block:
    """A block of the lines from `first` to before `last`, without the last line's end."""
    start, line = lines[last - 1]
    return Block(lines[first][0], start + len(line.rstrip()), kind, headings)


def text(path: Path, limits: Limits) -> Text:
    """Paragraphs are what empty lines separate."""
    content = _read(path, limits)
    lines = _lines(content)
    return Text(content, tuple(_block(lines, *group) for group in _groups(lines)))


def code(path: Path, limits: Limits) -> Text:
    """Blocks are what empty lines separate, under the line that begins what they are in, such as a class."""
    content = _read(path, limits)
    lines = _lines(content)
    blocks, outer = [], ""
    for first, last in _groups(lines):
        line = lines[first][1]
        if not line[0].isspace():
            outer = ""
        blocks.append(_block(lines, first, last, "code", (outer,) if outer else ()))
        if not outer:
            begins = [each for _, each in lines[first:last] if each[0].isalpha() or each[0] in "_@<["]
            outer = (begins[-1] if begins else line).strip()[:120]
    return Text(content, tuple(blocks))


def table(path: Path, limits: Limits) -> Text:
    """Rows of CSV in groups, each under the first row. A row may have several lines."""
    content = _read(path, limits)
    lines = _lines(content)
    ends = list(_row_ends(content))
    if not ends:
        return Text(content, ())
    header = " ".join("".join(line for _, line in lines[: ends[0]]).split())[:200]
    blocks = [_block(lines, 0, ends[0], "heading", (header,))]
    for group in range(0, len(ends) - 1, ROWS):
        first, last = ends[group], ends[min(group + ROWS, len(ends) - 1)]
        if "".join(line for _, line in lines[first:last]).strip():
            blocks.append(_block(lines, first, last, "table", (header,)))
    return Text(content, tuple(blocks))


def _row_ends(content: str) -> Iterator[int]:
    """How many lines there are up to the end of each row."""
    csv.field_size_limit(1 << 20)
    rows = csv.reader(line for _, line in _lines(content))
    before = 0
    while True:
        try:
            next(rows)
        except StopIteration:
            return
        except csv.Error:  # a field without an end, or a stray carriage return: the line is a row
            pass
        if rows.line_num > before:
            before = rows.line_num
            yield before


class _Headings:
    """The headings above, by their level."""

    def __init__(self) -> None:
        self.title = ""
        self._path: list[tuple[int, str]] = []

    def set(self, text: str, level: int) -> None:
        self.title = self.title or text
        self._path = [each for each in self._path if each[0] < level] + [(level, text[:200])]

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(text for _, text in self._path)


def markdown(path: Path, limits: Limits) -> Text:
    """CommonMark with tables, as markdown-it reads it."""
    from markdown_it import MarkdownIt

    content = _read(path, limits)
    lines = _lines(content)
    headings = _Headings()
    blocks: list[Block] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(content)
    skip = _front_matter(lines)
    for index, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0 or token.map[0] < skip:
            continue
        first, last = token.map[0], min(token.map[1], len(lines))
        while last > first and not lines[last - 1][1].strip():
            last -= 1
        if first == last:
            continue
        kind: Kind = "paragraph"
        if token.type == "heading_open":
            kind = "heading"
            headings.set(" ".join(tokens[index + 1].content.split()), int(token.tag[1:]))
        elif token.type in ("fence", "code_block"):
            kind = "code"
        elif token.type == "table_open":
            kind = "table"
        blocks.append(_block(lines, first, last, kind, headings.path))
    return Text(content, tuple(blocks), headings.title)


def _front_matter(lines: list[tuple[int, str]]) -> int:
    """How many lines the block of metadata at the beginning has, between two lines of three hyphens."""
    if not lines or lines[0][1].strip() != "---":
        return 0
    return next((index + 1 for index, (_, line) in enumerate(lines[1:200], 1) if line.strip() == "---"), 0)


def rst(path: Path, limits: Limits) -> Text:
    """Headings are lines with a line of punctuation under them; their levels, the order in which that first occurs."""
    content = _read(path, limits)
    lines = _lines(content)
    headings = _Headings()
    blocks: list[Block] = []
    levels: list[str] = []
    for begin, end in _groups(lines):
        first = begin
        for index in range(begin, end):
            line, under = lines[index][1].strip(), lines[index + 1][1].strip() if index + 1 < end else ""
            if index < first or not _is_rule(under, line):
                continue
            over = index > first and lines[index - 1][1].strip() == under
            if index - over > first:
                blocks.append(_block(lines, first, index - over, "paragraph", headings.path))
            style = under[0] * (1 + over)
            if style not in levels:
                levels.append(style)
            headings.set(line, levels.index(style))
            blocks.append(_block(lines, index, index + 1, "heading", headings.path))
            first = index + 2
        if first < end:
            kind: Kind = "code" if lines[first][1][0].isspace() else "paragraph"
            blocks.append(_block(lines, first, end, kind, headings.path))
    return Text(content, tuple(blocks), headings.title)


def _is_rule(line: str, above: str) -> bool:
    """Whether a line underlines the one above."""
    return (
        len(line) >= 3
        and line[0] in _MARKERS
        and not line.strip(line[0])
        and bool(above)
        and len(line) >= len(above) * 0.8
        and bool(above.strip(above[0]))
    )
