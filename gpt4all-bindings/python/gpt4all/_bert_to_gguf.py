"""Turns a sentence-transformers BERT (config.json, vocab.txt, model.safetensors) into a GGUF file.

It needs no torch and no NumPy, so that the default embedding model, which is available as safetensors, works wherever
this package does. The tensors are those that llama.cpp's convert_hf_to_gguf.py writes, bit for bit.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from ._errors import InvalidModelError
from ._gguf_writer import Metadata, Tensor, write_gguf

MatrixType = Literal["F32", "F16"]

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_NORMAL, _CONTROL = 1, 3
_POOLING = {"pooling_mode_mean_tokens": 1, "pooling_mode_cls_token": 2}
_FILE_TYPES = {"F32": 0, "F16": 1}

_EMBEDDINGS = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
# What makes sentence classes of a finished vector is of no use to embeddings.
_UNUSED = re.compile(r"embeddings\.position_ids|pooler\.|cls\.")
# llama.cpp adds these to the word's vector as they are.
_ALWAYS_F32 = ("position_embd.weight", "token_types.weight")


class Folder(Protocol):
    """Where the model's files are: a folder, or a part of a wheel."""

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises KeyError or OSError if there is none."""


def convert(folder: Folder, path: Path, *, name: str, license: str = "", type: MatrixType = "F16") -> None:
    """Writes the model in `folder` to `path`.

    name: what the file says the model is called; known names have their task types, see Embed4All.
    type: of the matrices; vectors and what is added to them stay F32.

    Raises InvalidModelError if the files are not those of a BERT whose tokens are averaged or whose first is taken.
    """
    try:
        config = json.loads(folder.read("config.json"))
        pooling = json.loads(folder.read("1_Pooling/config.json"))
        tokenizer = json.loads(folder.read("tokenizer_config.json"))
        vocabulary = folder.read("vocab.txt").decode("utf-8").splitlines()
        weights = folder.read("model.safetensors")
    except (KeyError, ValueError) as error:
        raise InvalidModelError(
            f"{name} cannot be converted: one of its files is missing or damaged: {error}"
        ) from error
    if config.get("model_type") != "bert":
        raise InvalidModelError(f"{name} cannot be converted: it is {config.get('model_type')!r} not 'bert'")
    metadata = Metadata()
    _describe(metadata, name, license, type)
    _shape(metadata, config, pooling, name)
    _vocabulary(metadata, vocabulary, int(config["vocab_size"]), tokenizer, name)
    write_gguf(path, metadata, _tensors(weights, type, name))


def _describe(metadata: Metadata, name: str, license: str, type: MatrixType) -> None:
    metadata.string("general.architecture", "bert")
    metadata.string("general.type", "model")
    metadata.string("general.name", name)
    if license:
        metadata.string("general.license", license)
    metadata.uint32("general.file_type", _FILE_TYPES[type])
    metadata.uint32("general.quantization_version", 2)


def _shape(metadata: Metadata, config: Mapping[str, Any], pooling: Mapping[str, Any], name: str) -> None:
    kinds = [kind for key, kind in _POOLING.items() if pooling.get(key)]
    if len(kinds) != 1:
        raise InvalidModelError(f"{name} cannot be converted: it does not pool by the mean or the first token")
    metadata.uint32("bert.vocab_size", config["vocab_size"])
    metadata.uint32("bert.context_length", config["max_position_embeddings"])
    metadata.uint32("bert.embedding_length", config["hidden_size"])
    metadata.uint32("bert.block_count", config["num_hidden_layers"])
    metadata.uint32("bert.feed_forward_length", config["intermediate_size"])
    metadata.uint32("bert.attention.head_count", config["num_attention_heads"])
    metadata.float32("bert.attention.layer_norm_epsilon", config["layer_norm_eps"])
    metadata.boolean("bert.attention.causal", False)
    metadata.uint32("bert.pooling_type", kinds[0])


def _vocabulary(metadata: Metadata, vocabulary: list[str], size: int, tokenizer: Mapping[str, Any], name: str) -> None:
    ids = {token: index for index, token in enumerate(vocabulary)}
    missing = [token for token in _SPECIAL if token not in ids]
    if len(vocabulary) != size or missing:
        lacks = f" and lacks {', '.join(missing)}" if missing else ""
        raise InvalidModelError(f"{name} cannot be converted: vocab.txt has {len(vocabulary)} of {size} tokens{lacks}")
    metadata.string("tokenizer.ggml.model", "bert")
    metadata.strings("tokenizer.ggml.tokens", [_phantom_space(token) for token in vocabulary])
    metadata.int32s("tokenizer.ggml.token_type", [_CONTROL if token in _SPECIAL else _NORMAL for token in vocabulary])
    metadata.uint32("tokenizer.ggml.token_type_count", 2)
    for key, token in (
        ("padding", "[PAD]"),
        ("unknown", "[UNK]"),
        ("bos", "[CLS]"),
        ("eos", "[SEP]"),
        ("seperator", "[SEP]"),  # spelt so in the format
        ("mask", "[MASK]"),
    ):
        metadata.uint32(f"tokenizer.ggml.{key}_token_id", ids[token])
    metadata.boolean("tokenizer.ggml.add_bos_token", True)
    metadata.boolean("tokenizer.ggml.add_eos_token", True)
    metadata.boolean("tokenizer.ggml.normalizer.lowercase", bool(tokenizer.get("do_lower_case", True)))


def _phantom_space(token: str) -> str:
    """A token that begins a word begins with a space in GGUF; one that goes on loses its ##."""
    if token in _SPECIAL:
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def _tensors(weights: bytes, type: MatrixType, name: str) -> list[Tensor]:
    """The file's tensors, by the names that llama.cpp knows. Raises InvalidModelError."""
    try:
        (length,) = struct.unpack_from("<Q", weights)
        header = json.loads(weights[8 : 8 + length])
    except (struct.error, ValueError) as error:
        raise InvalidModelError(f"{name} cannot be converted: model.safetensors is damaged: {error}") from error
    start = 8 + length
    tensors = []
    for source, entry in header.items():
        if source == "__metadata__" or _UNUSED.match(source):
            continue
        if entry["dtype"] != "F32":
            raise InvalidModelError(
                f"{name} cannot be converted: {source} is {entry['dtype']}, which is not supported yet"
            )
        target = _target(source, name)
        begin, end = entry["data_offsets"]
        wanted: MatrixType = "F32" if len(entry["shape"]) == 1 or target in _ALWAYS_F32 else type
        data = _reader(weights, start + begin, start + end, wanted)
        tensors.append(Tensor(target, entry["shape"], wanted, data))
    return tensors


def _target(source: str, name: str) -> str:
    stem, _, ending = source.rpartition(".")
    layer = re.fullmatch(r"encoder\.layer\.(\d+)\.(.+)", stem)
    found = _EMBEDDINGS.get(stem) if layer is None else _LAYER.get(layer[2])
    if found is None:
        raise InvalidModelError(f"{name} cannot be converted: {source} is not a known BERT tensor")
    return f"{found}.{ending}" if layer is None else f"blk.{layer[1]}.{found}.{ending}"


def _reader(weights: bytes, begin: int, end: int, wanted: MatrixType) -> Callable[[], bytes]:
    def read() -> bytes:
        if wanted == "F32":
            return weights[begin:end]
        values = array("f", weights[begin:end])
        if sys.byteorder == "big":
            values.byteswap()
        return struct.pack(f"<{len(values)}e", *values)

    return read
