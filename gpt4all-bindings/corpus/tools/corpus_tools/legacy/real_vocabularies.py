"""The vocabularies of LLaMA, GPT-J and MPT as llama.cpp's sources have them, and texts that their tokenisers split.

llama.cpp's models/ggml-vocab-NAME.gguf were made from the models' repositories; beside them lie texts (.inp) and the
tokens that Hugging Face's tokenisers make of them (.out).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from .tiny_models import LegacyModel, tiny_gptj, tiny_llama, tiny_mpt
from .vocabulary import LLAMA_FIRST_PIECE, Vocabulary, byte_characters

_FILES = {"llama": "llama-spm", "gptj": "gpt-2", "mpt": "mpt"}
_BETWEEN = "\n__ggml_vocab_test__\n"
_SPACE = "\u2581"
_ADDED_SPACES = range(50254, 50277)  # of MPT
_FORMATS = dict(enumerate("BbHhIif?")) | dict(zip((10, 11, 12), "Qqd", strict=True))  # of struct, by GGUFValueType
_GPTJ_SIZE, _MPT_SIZE = 50400, 50432


@dataclass(frozen=True)
class Tokenised:
    """A text, and the tokens that the model's own tokeniser makes of it."""

    text: str
    tokens: list[int]


def texts(folder: Path, architecture: str) -> list[Tokenised]:
    """What llama.cpp tests its tokenisers with; folder is its models/."""
    path = folder / f"ggml-vocab-{_FILES[architecture]}.gguf"
    given = path.with_name(f"{path.name}.inp").read_bytes().decode().split(_BETWEEN)
    lines = path.with_name(f"{path.name}.out").read_text().splitlines()
    return [Tokenised(text, list(map(int, line.split()))) for text, line in zip(given, lines, strict=False)]


def _read(folder: Path, architecture: str) -> tuple[list[str], list[int], list[float]]:
    found = _metadata((folder / f"ggml-vocab-{_FILES[architecture]}.gguf").read_bytes())
    return (
        [text.decode() for text in found["tokenizer.ggml.tokens"]],
        found["tokenizer.ggml.token_type"],
        found.get("tokenizer.ggml.scores", []),
    )


def _metadata(data: bytes) -> dict[str, Any]:
    """The metadata of a GGUF file; strings are bytes. The gguf package takes five seconds for so many tokens."""
    at = 24  # behind magic, version and the numbers of tensors and of entries

    def value(kind: int, count: int = 1) -> list[Any]:
        nonlocal at
        if kind != gguf.GGUFValueType.STRING:
            read = list(struct.unpack_from(f"<{count}{_FORMATS[kind]}", data, at))
            at += struct.calcsize(f"<{count}{_FORMATS[kind]}")
            return read
        texts = []
        for _ in range(count):
            (length,) = struct.unpack_from("<Q", data, at)
            texts.append(data[at + 8 : at + 8 + length])
            at += 8 + length
        return texts

    found: dict[str, Any] = {}
    for _ in range(struct.unpack_from("<Q", data, 16)[0]):
        (name,), (kind,) = value(gguf.GGUFValueType.STRING), value(gguf.GGUFValueType.UINT32)
        if kind == gguf.GGUFValueType.ARRAY:
            (kind,), (count,) = value(gguf.GGUFValueType.UINT32), value(gguf.GGUFValueType.UINT64)
            found[name.decode()] = value(kind, count)
        else:
            (found[name.decode()],) = value(kind)
    return found


def vocabulary(folder: Path, architecture: str) -> Vocabulary:
    """The tokens as the bytes that a file of 2023 has for them."""
    written, kinds, scores = _read(folder, architecture)
    if architecture == "llama":
        first = [" \u2047 ".encode(), b"", b"", *(bytes([byte]) for byte in range(256))]
        return Vocabulary(
            first + [token.replace(_SPACE, " ").encode() for token in written[LLAMA_FIRST_PIECE:]],
            [0.0] * LLAMA_FIRST_PIECE + scores[LLAMA_FIRST_PIECE:],
            special={0, 1, 2},
        )
    bytes_of = {character: byte for byte, character in byte_characters().items()}
    if architecture == "mpt":
        written = written[: _ADDED_SPACES.stop]  # behind them is padding
    special = {index for index, kind in enumerate(kinds[: len(written)]) if kind == gguf.TokenType.CONTROL}
    special |= {index for index, token in enumerate(written) if token.startswith("<|") and token.endswith("|>")}
    tokens = [
        token.encode()
        if index in special or (architecture == "mpt" and index in _ADDED_SPACES)
        else bytes(bytes_of[character] for character in token)
        for index, token in enumerate(written)
    ]
    if architecture == "gptj":
        special |= set(range(len(tokens), _GPTJ_SIZE))
        tokens += [f"<|extratoken_{index}|>".encode() for index in range(1, _GPTJ_SIZE - len(tokens) + 1)]
    return Vocabulary(tokens, special=special)


def model(folder: Path, architecture: str) -> LegacyModel:
    """A model of one small layer with the real vocabulary."""
    words = vocabulary(folder, architecture)
    if architecture == "llama":
        made = tiny_llama(len(words), width=64, layers=1)
    elif architecture == "gptj":
        made = tiny_gptj(len(words), width=64, layers=1)
    else:
        made = tiny_mpt(width=64, layers=1)
        made.weights["transformer.wte.weight"] = np.resize(made.weights["transformer.wte.weight"], (_MPT_SIZE, 64))
    made.vocabulary = words
    return made
