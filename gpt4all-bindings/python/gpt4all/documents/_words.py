"""A question as queries of SQLite's full-text search. Nothing of it is syntax there: every word is quoted."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

_WORD = re.compile("\\w+(?:[-.:/#+@'\u2019_]+\\w+)*")
_SCRIPTS = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")  # that write no blanks between words
WORDS = 40  # of a question that are looked up; what is pasted may be a page
MATCHES = 20_000  # chunks with any of the words, roughly: more take too long to be ranked
_TRIGRAM = 3

# Words that questions are made with: that a document has none of them says nothing about what is in it.
_ASKING = Path(__file__).with_name("asking.txt")


@dataclass(frozen=True)
class Word:
    """A word of a question. terms: what the index has of it; more than one of names such as sqlite3_open_v2."""

    text: str
    terms: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Whether it is one of those that questions are made with."""
        return folded(self.text) in _asking()


def words(question: str, terms: Callable[[Sequence[str]], list[list[str]]]) -> list[Word]:
    """The words of a question, each once; names such as sqlite3_open_v2 and cover-up are one.

    terms: those of texts.
    """
    found = list(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", question))))[:WORDS]
    return [Word(text, tuple(own)) for text, own in zip(found, terms(found), strict=True)]


def folded(text: str) -> str:
    """Without case and accents."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


@functools.cache
def _asking() -> frozenset[str]:
    return frozenset(folded(_ASKING.read_text(encoding="utf-8")).split())


def match(found: list[Word], frequency: Callable[[str], int]) -> str | None:
    """Chunks with any of the words; the rarest count, and those that nearly every chunk has are left out, as are those
    that only ask, if there are others.

    frequency: in how many chunks a term is.
    """
    telling = [word for word in found if not word.asks] or found
    counted = sorted((min(map(frequency, word.terms)), word.text) for word in telling if word.terms)
    chosen: list[str] = []
    total = 0
    for count, text in counted:
        if not count:
            continue
        total += count
        if chosen and total > MATCHES:
            break
        chosen.append(quoted(text))
    return " OR ".join(chosen) or None


def trigram_match(found: list[Word], frequency: Callable[[str], int]) -> str | None:
    """Chunks that have a word anywhere within, for what is no word of the index: parts of names and of compounds, and
    scripts without blanks.

    frequency: in how many chunks a term is.
    """
    chosen: list[str] = []
    for word in found:
        runs = _SCRIPTS.findall(word.text)
        for run in runs:
            chosen += [run[begin : begin + _TRIGRAM] for begin in range(len(run) - _TRIGRAM + 1)]
        if not runs and len(word.text) >= _TRIGRAM and not all(map(frequency, word.terms)):
            chosen.append(word.text)
    return " OR ".join(quoted(each) for each in dict.fromkeys(chosen)) or None


def short_runs(found: list[Word]) -> list[str]:
    """Words of scripts without blanks that are too short for trigrams."""
    return [run for word in found for run in _SCRIPTS.findall(word.text) if len(run) < _TRIGRAM]


def quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def coverage(found: list[Word], text: str, have: Collection[str], frequency: Callable[[str], int], total: int) -> float:
    """How much of what a question asks for is in a text, from 0 to 1: rare words weigh more than common ones.

    have: the terms of the text. total: how many chunks there are.
    """
    inside = folded(text)
    reached = weight = 0.0
    for word in found:
        if word.asks:
            continue
        for term in word.terms:
            own = math.log((total + 1) / (frequency(term) + 0.5)) if total else 0.0
            if own <= 0:
                continue
            weight += own
            reached += own * (term in have or bool(_SCRIPTS.match(term) and term in inside))
    return reached / weight if weight else 0.0
