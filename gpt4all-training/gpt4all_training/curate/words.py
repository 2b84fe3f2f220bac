"""Words as numbers, and sequences of them, for many texts at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import rensa

Hashes = npt.NDArray[np.uint64]

# Scripts without spaces between words, of which each character counts as one: Thai and Lao, Burmese, Khmer, kana, Han,
# Hangul, and Han beyond the first plane.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_FOLLOWED = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no bit of an earlier word is lost
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])


def plain(text: str) -> str:
    """A text without what two copies of it may differ in: case, white space, Unicode's forms, what is not seen."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    return " ".join(text.casefold().split())


def words_of(text: str) -> list[str]:
    """The words of a plain text."""
    return _WORD.findall(text)


@dataclass(frozen=True)
class Words:
    """The words of several texts, one after the other.

    hashes: of each word.
    starts: where each text begins, and where the last ends.
    """

    hashes: Hashes
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[list[str]]) -> Words:
        """The hashes of words, which are the same in every run."""
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        hashes = np.empty(int(starts[-1]), np.uint64)
        for at, found in enumerate(rensa.RMinHash.hash_token_sets(texts)):
            hashes[starts[at] : starts[at + 1]] = found
        return cls(hashes, starts)

    def sequences(self, lengths: Sequence[int]) -> dict[int, Sequences]:
        """All sequences of so many words that are within one text, by their lengths."""
        found: dict[int, Sequences] = {}
        left = np.repeat(self.starts[1:], np.diff(self.starts)) - np.arange(len(self.hashes))  # words to a text's end
        value: Hashes = np.zeros(len(self.hashes), np.uint64)
        for length in range(1, max(lengths, default=0) + 1):
            begins = max(0, len(self.hashes) - length + 1)
            value = np.asarray(value[:begins] * _FOLLOWED + self.hashes[length - 1 :], np.uint64)
            if length in lengths:
                whole = np.flatnonzero(left[: len(value)] >= length)
                found[length] = Sequences(_mixed(value[whole]), np.searchsorted(whole, self.starts))
        return found


@dataclass(frozen=True)
class Sequences:
    """The sequences of words of several texts, as Words has the words."""

    hashes: Hashes
    starts: npt.NDArray[np.int64]


def _mixed(value: Hashes) -> Hashes:
    """Spreads what differs in a few bits over all of them (the last steps of MurmurHash3)."""
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))
