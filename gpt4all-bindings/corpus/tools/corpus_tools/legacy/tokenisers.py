"""Reference tokenisers of a few lines each, which the library's are compared with."""

from __future__ import annotations

import re
from itertools import pairwise

from .vocabulary import LLAMA_FIRST_PIECE, Vocabulary, merged

# GPT-2's, with Python's classes for its \p{L} and \p{N}: the same for letters and for the digits 0 to 9.
_WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def byte_pair_encoding(vocabulary: Vocabulary, text: str) -> list[int]:
    """The tokens of a text without special tokens: in each word, the pair learned first is merged until none is."""
    ranks = {pair: rank for rank, pair in enumerate(vocabulary.merges)}
    ids = {token: index for index, token in reversed(list(enumerate(vocabulary.tokens)))}
    found: list[int] = []
    for word in _WORDS.findall(text):
        parts = [bytes([byte]) for byte in word.encode()]
        while pairs := [pair for pair in pairwise(parts) if pair in ranks]:
            parts = merged(parts, min(pairs, key=lambda pair: ranks[pair]))
        found += [ids[part] for part in parts]
    return found


def sentence_piece(vocabulary: Vocabulary, text: str) -> list[int]:
    """The tokens of a text as llama.cpp had them in 2023: no space before it, and bytes for what is unknown."""
    ids = {token: index for index, token in enumerate(vocabulary.tokens) if index >= LLAMA_FIRST_PIECE}
    parts = [character.encode() for character in text]
    while True:
        joined = [(left + right, at) for at, (left, right) in enumerate(pairwise(parts))]
        known = [(vocabulary.scores[ids[token]], -at) for token, at in joined if token in ids]
        if not known:
            break
        at = -max(known)[1]
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return [token for part in parts for token in ([ids[part]] if part in ids else [byte + 3 for byte in part])]
