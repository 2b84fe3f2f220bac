"""Small vocabularies made as the real ones are: SentencePiece's for LLaMA, byte-level BPE for GPT-J and MPT."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

WORDS = """
    the of and to in is that it was for on are as with his they at be this have from or one had by word but not
    what all were we when your can said there use an each which she do how their if will up other about out many
    then them these so some her would make like him into time has look two more write go see number no way could
    people my than first water been call who oil its now find long down day did get come made may part hello
    world name model language answer question paris france red green blue cat dog Where There I've they're It's
    café über 日本語 日曜日 日常 🙂 🙃 🙄 Привет мир
""".split()

END_OF_TEXT = b"<|endoftext|>"
LLAMA_FIRST_PIECE = 259  # behind <unk>, <s>, </s> and the 256 bytes


@dataclass
class Vocabulary:
    """Tokens as the bytes they stand for."""

    tokens: list[bytes]
    scores: list[float] = field(default_factory=list)  # SentencePiece alone
    merges: list[tuple[bytes, bytes]] = field(default_factory=list)  # BPE alone, in the order of their tokens
    special: set[int] = field(default_factory=set)  # what no text is turned into

    def __len__(self) -> int:
        return len(self.tokens)


def byte_order() -> list[int]:
    """The bytes in GPT-2's order: printable ones of Latin-1 first."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return printable + [byte for byte in range(256) if byte not in printable]


def byte_characters() -> dict[int, str]:
    """The character that GPT-2's vocabulary writes for each byte."""
    order = byte_order()
    printable = 188
    return {byte: chr(byte) if index < printable else chr(256 + index - printable) for index, byte in enumerate(order)}


def learn_merges(count: int) -> list[tuple[bytes, bytes]]:
    """The first merges that byte-pair encoding learns from the words, with and without a space before them."""
    words = [[bytes([byte]) for byte in text.encode()] for word in WORDS for text in (f" {word}", word)]
    known = {bytes([byte]) for byte in range(256)}
    merges: list[tuple[bytes, bytes]] = []
    while len(merges) < count:
        pairs = Counter(pair for word in words for pair in pairwise(word))
        choices = [pair for pair in pairs if pair[0] + pair[1] not in known]
        if not choices:
            raise ValueError(f"the words give only {len(merges)} merges, not {count}")
        best = max(choices, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        known.add(best[0] + best[1])
        words = [merged(word, best) for word in words]
    return merges


def merged(parts: list[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    """The parts with every occurrence of the pair, from the left, made one."""
    out: list[bytes] = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] = out[-1] + part
        else:
            out.append(part)
    return out


def llama_vocabulary(size: int) -> Vocabulary:
    """A SentencePiece vocabulary as the converters of 2023 wrote it: ` ⁇ `, two empty tokens, bytes, pieces."""
    tokens = [" \u2047 ".encode(), b"", b"", *(bytes([byte]) for byte in range(256))]
    pieces: dict[bytes, None] = {}
    for character in [" ", *map(chr, range(0x21, 0x7F)), "é", "ü", "日", "本"]:
        pieces[character.encode()] = None
    for word in WORDS:
        for end in range(1, len(word) + 1):
            pieces.setdefault(f" {word[:end]}".encode(), None)
    tokens += list(pieces)[: size - len(tokens)]
    # a filler is never found in a text: nothing leads to it
    tokens += [f"<filler_{index}>".encode() for index in range(len(tokens), size)]
    scores = [0.0] * LLAMA_FIRST_PIECE + [-float(index) for index in range(size - LLAMA_FIRST_PIECE)]
    return Vocabulary(tokens, scores, special={0, 1, 2})


def gptj_vocabulary(size: int, merges: int = 200) -> Vocabulary:
    """As GPT-2's: bytes, tokens in the order of their merges, `<|endoftext|>`; then GPT-J's `<|extratoken_1|>` …."""
    learned = learn_merges(merges)
    tokens = [bytes([byte]) for byte in byte_order()] + [left + right for left, right in learned]
    special = set(range(len(tokens), size))
    tokens.append(END_OF_TEXT)
    tokens += [f"<|extratoken_{index}|>".encode() for index in range(1, size - len(tokens) + 1)]
    return Vocabulary(tokens, merges=learned, special=special)


def mpt_vocabulary(merges: int = 200) -> Vocabulary:
    """As GPT-NeoX's: `<|endoftext|>`, `<|padding|>`, the bytes that UTF-8 has, merges; then two of the chat model."""
    learned = learn_merges(merges)
    tokens = [END_OF_TEXT, b"<|padding|>"]
    tokens += [bytes([byte]) for byte in byte_order() if byte not in (0xC0, 0xC1) and byte < 0xF5]
    tokens += [left + right for left, right in learned]
    special = {0, 1, len(tokens), len(tokens) + 1}
    tokens += [b"<|im_start|>", b"<|im_end|>"]
    return Vocabulary(tokens, merges=learned, special=special)
