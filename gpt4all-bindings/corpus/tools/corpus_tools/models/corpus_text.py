"""The text that the trained models learn: the plays of the "tiny Shakespeare" file, cut into documents.

The text is in the public domain. The file (1,115,394 bytes, data/tinyshakespeare/input.txt of karpathy/char-rnn on
GitHub) is not part of this repository.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SPEECHES_PER_DOCUMENT = 8
HELD_OUT = 0.05  # of the documents, the last ones: nothing is learned from them

Tokens = npt.NDArray[np.int64]


def documents(path: Path) -> tuple[list[str], list[str]]:
    """The documents to learn from, and those held out. Each is a few speeches, with a line end after the last.

    Raises ValueError if the file is not the one that the models were trained on.
    """
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise ValueError(f"{path} has the SHA-256 {found}; the models were trained on {SHA256}")
    speeches = data.decode("utf-8").strip().split("\n\n")
    groups = [
        speeches[start : start + SPEECHES_PER_DOCUMENT] for start in range(0, len(speeches), SPEECHES_PER_DOCUMENT)
    ]
    texts = ["\n\n".join(group) + "\n" for group in groups]
    kept = len(texts) - round(len(texts) * HELD_OUT)
    return texts[:kept], texts[kept:]


class Stream:
    """Documents as one row of tokens, from which windows are drawn."""

    def __init__(self, documents: list[list[int]], begin: list[int], end: int) -> None:
        """begin, end: the tokens before and after each document."""
        pieces = [[*begin, *document, end] for document in documents]
        self._tokens = np.array([token for piece in pieces for token in piece], dtype=np.int64)
        lengths = np.array([len(piece) for piece in pieces])
        self._starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])

    def __len__(self) -> int:
        return len(self._tokens)

    def batch(self, random: np.random.RandomState, rows: int, length: int) -> Tokens:
        """Windows of `length` tokens, shape (rows, length): the even rows from the beginning of a document, as prompts
        begin, the others from anywhere."""
        last = len(self._tokens) - length
        beginnings = self._starts[self._starts <= last]
        at = random.randint(0, last + 1, size=rows)
        at[::2] = beginnings[random.randint(0, len(beginnings), size=len(at[::2]))]
        return np.stack([self._tokens[start : start + length] for start in at])

    def all_windows(self, length: int) -> Iterator[Tokens]:
        """Windows of `length` tokens one after the other, each beginning with the last token of the one before."""
        for start in range(0, len(self._tokens) - length + 1, length - 1):
            yield self._tokens[start : start + length]
