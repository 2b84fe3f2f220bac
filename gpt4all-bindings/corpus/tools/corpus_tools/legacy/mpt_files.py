"""Writes MPT files: GPT4All's `ggmm`, and those of ggml's example."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from .blocks import Layout, TensorType
from .tensors import FILE_TYPES, Types, write_tensor, write_text
from .tiny_models import LegacyModel

GGMM_MAGIC = 0x67676D6D
EXAMPLE_MAGIC = 0x67676D6C
SPECIAL = 1 << 31  # in the length of a `ggmm` token
EMBEDDING = "transformer.wte.weight"
VERSIONS = {Layout.B: 1, Layout.C: 2}


def behind_a_dot(token: bytes) -> bytes:
    """A token as converters of May 2023 wrote it: decoded behind a dot, which is then cut off.

    Bytes that are not whole characters became U+FFFD, and transformers removed spaces before punctuation.
    """
    text = "." + token.decode(errors="replace")
    text = re.sub(r" ([.?!,])", r"\1", text).replace(" ' ", "'")
    return re.sub(r" (n't|'m|'s|'ve|'re)", r"\1", text)[1:].encode()


def each_byte_a_character(token: bytes) -> bytes:
    """A token as ggml's converter writes it since May 21, 2023: each byte as the character of that number, in UTF-8."""
    return token.decode("latin-1").encode()


def ggmm_types(types: Types) -> Types:
    """The types as GPT4All's converter chose them: its embedding is always F32."""
    return Types(types.most, {**types.others, EMBEDDING: TensorType.F32})


def write_ggmm(path: Path, model: LegacyModel, types: Types) -> list[Path]:
    """Writes the model as GPT4All had it, in layout A. Tokens that the vocabulary lacks are empty."""
    chosen, vocabulary = ggmm_types(types), model.vocabulary
    size = len(model.weights[EMBEDDING])
    with path.open("wb") as file:
        sizes = (size, model.context, model.layers, model.heads, model.width)
        file.write(struct.pack("<I5i", GGMM_MAGIC, *sizes))
        file.write(struct.pack("<2fii", model.alibi_bias_max, model.clip_qkv, FILE_TYPES[types.most], size))
        for index, token in enumerate(vocabulary.tokens):
            special = index in vocabulary.special
            write_text(file, token if special else behind_a_dot(token), SPECIAL if special else 0)
        file.write(bytes(4 * (size - len(vocabulary))))
        for name, values in model.weights.items():
            write_tensor(file, name, values, chosen.of(name, values), Layout.A, aligned=False)
    return [path]


def write_example(
    path: Path, model: LegacyModel, layout: Layout, types: Types, *, bare: bool = False, decoded: bool = False
) -> list[Path]:
    """Writes the model as ggml's example did: the last token stands for those that the vocabulary lacks, too.

    bare: the header's file type has no version of the quantisation, as in quantised files of May 17 to 20, 2023.
    decoded: the tokens are as in `ggmm`, as until May 21.
    """
    version = 0 if bare or types.most <= TensorType.F16 else VERSIONS[layout]
    size = len(model.weights[EMBEDDING])
    with path.open("wb") as file:
        file.write(struct.pack("<I5i", EXAMPLE_MAGIC, model.width, model.context, model.heads, model.layers, size))
        file.write(struct.pack("<2fi", model.alibi_bias_max, model.clip_qkv, version * 1000 + FILE_TYPES[types.most]))
        vocabulary = model.vocabulary
        written = [
            token if index in vocabulary.special else (behind_a_dot if decoded else each_byte_a_character)(token)
            for index, token in enumerate(vocabulary.tokens)
        ]
        for token in written + [written[-1]] * (size - len(written)):
            write_text(file, token)
        for name, values in model.weights.items():
            write_tensor(file, name, values, types.of(name, values), layout, aligned=False)
    return [path]
