"""What rows are compared by: a key that is the same for the same text, and a MinHash sketch."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import rensa

from .conversations import Conversation
from .settings import Near
from .words import Words, plain

KEY_BYTES = 16
_ROWS = 512
Sketches = npt.NDArray[np.uint32]


def key_of(conversation: Conversation) -> bytes:
    """The key of a conversation, role by role."""
    digest = hashlib.blake2b(digest_size=KEY_BYTES)
    for role, content in conversation.messages:
        digest.update(f"{role}\0{plain(content)}\0".encode("utf-8", "surrogatepass"))
    return digest.digest()


def sketches_of(words: Words, settings: Near, seed: int) -> Sketches:
    """A sketch of each text: the least hashes of its sequences of words. A shorter text has one sequence, itself."""
    length = settings.words
    count = len(words.starts) - 1
    found = words.sequences(sorted({*range(1, length + 1)}))
    sizes = np.diff(words.starts)
    pieces: list[npt.NDArray[np.uint64]] = []
    for at in range(count):
        of = found[min(length, max(1, int(sizes[at])))]
        pieces.append(of.hashes[of.starts[at] : of.starts[at + 1]])
    offsets = np.concatenate([np.zeros(1, np.uint64), np.cumsum([len(piece) for piece in pieces], dtype=np.uint64)])
    flat = np.concatenate(pieces) if pieces else np.zeros(0, np.uint64)
    result = np.empty((count, settings.hashes), np.uint32)
    for begin in range(0, count, _ROWS):  # as the library gives them as lists of Python's integers
        end = min(count, begin + _ROWS)
        own = offsets[begin : end + 1] - offsets[begin]
        piece = flat[int(offsets[begin]) : int(offsets[end])]
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(piece, own, settings.hashes, seed)
        result[begin:end] = matrix.to_rows()
    return result


def bands_of(sketches: Sketches, settings: Near) -> npt.NDArray[np.uint64]:
    """A hash for each band of each sketch; those of different bands differ."""
    parts = sketches.reshape(len(sketches), settings.bands, settings.rows).astype(np.uint64)
    value = np.arange(1, settings.bands + 1, dtype=np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    for row in range(settings.rows):
        value = (value ^ parts[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
        value = value ^ (value >> np.uint64(32))
    return value
