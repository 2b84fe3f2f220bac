"""A question as queries of SQLite's full-text search. Nothing of it is syntax there: every word is quoted."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

_WORD = re.compile("\\w+(?:[-.:/#+@'\u2019_]+\\w+)*")
_SCRIPTS = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")  # that write no blanks between words
_PART = re.compile(r"[^\W_]+")
WORDS = 40  # of a question that are looked up; what is pasted may be a page
MATCHES = 20_000  # chunks with any of the words, roughly: more take too long to be ranked
_TRIGRAM = 3

# Words that questions are made with: that a document has none of them says nothing about what is in it.
_ASKING = Path(__file__).with_name("asking.txt")


def words(question: str) -> list[str]:
    """The words of a question, each once; names such as sqlite3_open_v2 and cover-up are one."""
    found = _WORD.findall(unicodedata.normalize("NFC", question))
    return list(dict.fromkeys(word for word in found))[:WORDS]


def folded(text: str) -> str:
    """As unicode61 compares words: without case and accents."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


@functools.cache
def _asking() -> frozenset[str]:
    return frozenset(folded(_ASKING.read_text(encoding="utf-8")).split())


def parts(word: str) -> list[str]:
    """The pieces that the index has of a word."""
    return _PART.findall(folded(word))


def match(found: list[str], frequency: Callable[[str], int]) -> str | None:
    """Chunks with any of the words; the rarest count, and those that nearly every chunk has are left out.

    frequency: in how many chunks a piece of a word is.
    """
    counted = sorted((min(map(frequency, parts(word)), default=0), word) for word in found if parts(word))
    chosen: list[str] = []
    total = 0
    for count, word in counted:
        if not count:
            continue
        total += count
        if chosen and total > MATCHES:
            break
        chosen.append(quoted(word))
    return " OR ".join(chosen) or None


def trigram_match(found: list[str], frequency: Callable[[str], int]) -> str | None:
    """Chunks that have a word anywhere within, for what is no word of the index: parts of names and of compounds, and
    scripts without blanks.

    frequency: in how many chunks a piece of a word is.
    """
    chosen: list[str] = []
    for word in found:
        runs = _SCRIPTS.findall(word)
        for run in runs:
            chosen += [run[begin : begin + _TRIGRAM] for begin in range(len(run) - _TRIGRAM + 1)]
        if not runs and len(word) >= _TRIGRAM and not all(map(frequency, parts(word))):
            chosen.append(word)
    return " OR ".join(quoted(each) for each in dict.fromkeys(chosen)) or None


def short_runs(found: list[str]) -> list[str]:
    """Words of scripts without blanks that are too short for trigrams."""
    return [run for word in found for run in _SCRIPTS.findall(word) if len(run) < _TRIGRAM]


def quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def coverage(found: list[str], texts: list[str], frequency: Callable[[str], int], total: int) -> float:
    """How much of what a question asks for is in the texts, from 0 to 1: rare words weigh more than common ones."""
    inside = folded("\n".join(texts))
    have = set(_PART.findall(inside))
    reached = weight = 0.0
    for word in found:
        for part in parts(word):
            if part in _asking():
                continue
            own = math.log((total + 1) / (frequency(part) + 0.5)) if total else 0.0
            if own <= 0:
                continue
            weight += own
            reached += own * (part in have or bool(_SCRIPTS.match(part) and part in inside))
    return reached / weight if weight else 0.0
