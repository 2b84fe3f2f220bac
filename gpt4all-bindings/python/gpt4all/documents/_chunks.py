"""Cutting a text into chunks of so many tokens of the embedding model: at headings, paragraphs, sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ._text import Block, Text

Count = Callable[[str], int]
"""How many tokens a text has."""

TARGET = 200
MAXIMUM = 300
_SENTENCE = re.compile("(?<=[.!?\u2026])[\"'\u201d\u2019)\\]]*\\s+|(?<=[\u3002\uff01\uff1f])|\\n+")
_LINE = re.compile(r"\n+")
# About one token each: up to five letters of a word, one sign, or one character of a script without blanks.
_UNIT = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]{1,5}|[^\w\s]|_")
_SAMPLE = 4000  # characters that the estimate is adjusted to


@dataclass(frozen=True)
class Chunk:
    """A part of a text that is found as a whole.

    start, end: its characters in the text. headings: those that its beginning stands under.
    page_first, page_last: None if the format has no pages.
    """

    start: int
    end: int
    headings: tuple[str, ...]
    page_first: int | None
    page_last: int | None


@dataclass(frozen=True)
class _Unit:
    """A sentence or line. first: whether it begins its block."""

    start: int
    end: int
    tokens: float
    block: Block
    first: bool


def chunks(text: Text, count: Count, *, target: int = TARGET, maximum: int = MAXIMUM) -> list[Chunk]:
    """The chunks of a text, in order; together they have all of it.

    A chunk has about `target` tokens, and never more than `maximum`. One that ends within a section is followed by one
    that begins with its last sentence.
    """
    found: list[Chunk] = []
    for group in _groups(_units(text, _scale(text, count)), target):
        for units in _fitting(text.text, group, count, maximum):
            pages = [unit.block.page for unit in units if unit.block.page is not None]
            bounds = (min(pages), max(pages)) if pages else (None, None)
            found.append(Chunk(units[0].start, units[-1].end, _headings(units), *bounds))
    return found


def _scale(text: Text, count: Count) -> float:
    """Tokens for each unit of the estimate, in this text: asking for the tokens of each sentence would take longer than
    embedding it."""
    sample = text.text[text.blocks[0].start :][:_SAMPLE] if text.blocks else ""
    estimated = sum(1 for _ in _UNIT.finditer(sample))
    return max(count(sample) / estimated, 0.2) if estimated else 1.0


def _headings(units: list[_Unit]) -> tuple[str, ...]:
    """Those of the first block that is more than a heading."""
    return next((unit.block.headings for unit in units if unit.block.kind != "heading"), units[0].block.headings)


def _units(text: Text, scale: float) -> Iterator[_Unit]:
    for block in text.blocks:
        first = True
        for start, end in _pieces(text.text, block):
            tokens = scale * sum(1 for _ in _UNIT.finditer(text.text, start, end))
            yield _Unit(start, end, tokens, block, first)
            first = False


def _pieces(text: str, block: Block) -> Iterator[tuple[int, int]]:
    """Where the sentences of a block are, or its lines."""
    ends = _SENTENCE if block.kind in ("paragraph", "heading") else _LINE
    start = block.start
    for found in ends.finditer(text, block.start, block.end):
        stop = found.end() if ends is _SENTENCE and found.group().strip() else found.start()
        if text[start:stop].strip():
            yield start, stop - (len(text[start:stop]) - len(text[start:stop].rstrip()))
        start = found.end()
    if text[start : block.end].strip():
        yield start, block.end


def _groups(units: Iterator[_Unit], target: int) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    size = 0.0
    everything = list(units)
    left = _left_in_block(everything)
    for unit, rest in zip(everything, left, strict=True):
        if group and _cut(group[-1], unit, size, rest, target):
            headings: list[_Unit] = []
            while len(group) > 1 and group[-1].block.kind == "heading":
                headings.insert(0, group.pop())  # no chunk ends with a heading
            yield group
            group = headings or _overlap(group, unit, target)
            size = sum(each.tokens for each in group)
        group.append(unit)
        size += unit.tokens
    if group:
        yield group


def _left_in_block(units: list[_Unit]) -> list[float]:
    """For each unit, how many tokens there are from it to the end of its block."""
    left = [0.0] * len(units)
    for index in range(len(units) - 1, -1, -1):
        follows = index + 1 < len(units) and not units[index + 1].first
        left[index] = units[index].tokens + (left[index + 1] if follows else 0)
    return left


def _cut(before: _Unit, unit: _Unit, size: float, rest: float, target: int) -> bool:
    """Whether a chunk of this size ends before the unit."""
    if size + unit.tokens > target:
        return True
    if unit.first and unit.block.kind == "heading" and before.block.kind != "heading":
        return size >= target / 4
    return unit.first and size >= target / 2 and size + rest > target


def _overlap(group: list[_Unit], unit: _Unit, target: int) -> list[_Unit]:
    """The last sentence once more, unless it is long, or another section follows."""
    last = group[-1]
    if unit.block.kind == "heading" or last.block.headings != unit.block.headings or len(group) == 1:
        return []
    return [last] if last.tokens <= target / 4 else []


def _fitting(text: str, units: list[_Unit], count: Count, maximum: int) -> Iterator[list[_Unit]]:
    """The units, in as many parts as the limit asks for: estimates may be wrong, and a sentence may have no end."""
    if count(text[units[0].start : units[-1].end]) <= maximum:
        yield units
        return
    if len(units) > 1:
        halves = [units[: len(units) // 2], units[len(units) // 2 :]]
    else:
        halves = [[each] for each in _halves(text, units[0])]
    for half in halves:
        yield from _fitting(text, half, count, maximum) if half != units else iter([half])


def _halves(text: str, unit: _Unit) -> list[_Unit]:
    """A unit cut near its middle, between words if it can be."""
    middle = (unit.start + unit.end) // 2
    if middle == unit.start:
        return [unit]
    blank = text.rfind(" ", unit.start + 1, middle)
    cut = blank + 1 if blank > unit.start + (middle - unit.start) // 2 else middle
    return [
        _Unit(unit.start, cut, unit.tokens / 2, unit.block, unit.first),
        _Unit(cut, unit.end, unit.tokens / 2, unit.block, False),
    ]
