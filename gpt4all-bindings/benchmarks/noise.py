"""A LLaMA of 0.8 billion parameters that are noise, as a file of each type of weights. They are made once and kept."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFWriter, TokenType
from gpt4all import quantize

LAYERS, WIDTH, INNER, HEADS, KV_HEADS, N_VOCAB, N_CTX = 16, 2048, 5632, 32, 4, 32000, 32768
SPECIAL, BYTES = 3, 256  # tokens before those of text
PARAMETERS = 836_000_000

# Types of files, and about how many bits of a file a parameter takes.
TYPES = {
    "Q4_0": 4.7, "Q4_1": 5.2, "Q5_0": 5.6, "Q5_1": 6.1, "Q8_0": 8.6,
    "Q4_K_M": 5.0, "Q5_K_M": 5.8, "Q6_K": 6.7, "IQ4_NL": 4.8, "MXFP4": 4.5,
}  # fmt: skip
SOURCE = "F16"
BITS = {**TYPES, SOURCE: 16.1}


class NoRoom(Exception):  # noqa: N818
    """The files would not fit on the disk."""


def path_of(folder: Path, name: str) -> Path:
    """Where the file of a type lies."""
    return folder / f"noise-0.8b-{name}.gguf"


def room(folder: Path, types: Sequence[str]) -> int:
    """Bytes that are still to be written for these types, the source of the others included."""
    missing = [name for name in types if not path_of(folder, name).is_file()]
    if missing and not path_of(folder, SOURCE).is_file():
        missing.append(SOURCE)
    return int(sum(BITS[name] for name in missing) / 8 * PARAMETERS)


def ensure(folder: Path, types: Sequence[str]) -> dict[str, Path]:
    """The files of these types, made if they are missing. All types take 6 GB, and 2 GB more while they are made.
    Raises NoRoom."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if needed := room(folder, types):
            _make(folder, types, needed)
    return {name: path_of(folder, name) for name in types}


def _make(folder: Path, types: Sequence[str], needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise NoRoom(f"{folder} has {free / 1e9:.1f} GB free, and models need {needed / 1e9:.1f} GB: choose --types")
    print(f"      making models of noise in {folder}: {needed / 1e9:.1f} GB", file=sys.stderr)
    source = path_of(folder, SOURCE)
    if not source.is_file():
        _write(source)
    for name in types:
        if not (path := path_of(folder, name)).is_file():
            print(f"      {path.name}", file=sys.stderr, flush=True)
            quantize(source, path, **_options(name))
    source.unlink()


def _options(name: str) -> Any:
    """Those of quantize(). A file of MXFP4 usually has it for experts alone."""
    if name != "MXFP4":
        return {"type": name}
    return {
        "type": "MXFP4_MOE", "tensor_types": [{"pattern": "blk", "type": "mxfp4"}], "output_tensor_type": "mxfp4",
        "token_embedding_type": "mxfp4",
    }  # fmt: skip


def _write(path: Path) -> None:
    """The model in half precision; the file gets its name when it is whole."""
    part = path.with_suffix(".part")
    writer = GGUFWriter(part, "llama")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(N_VOCAB)
    writer.add_file_type(1)
    _add_vocabulary(writer)
    for name, tensor in _tensors():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(part, path)


def _add_vocabulary(writer: GGUFWriter) -> None:
    words = N_VOCAB - SPECIAL - BYTES
    writer.add_tokenizer_model("llama")
    writer.add_token_list(
        ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(BYTES)), *(f"t{n}" for n in range(words))]
    )
    writer.add_token_scores([0.0] * N_VOCAB)
    writer.add_token_types(
        [
            TokenType.UNKNOWN,
            TokenType.CONTROL,
            TokenType.CONTROL,
            *[TokenType.BYTE] * BYTES,
            *[TokenType.NORMAL] * words,
        ]
    )
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def _tensors() -> list[tuple[str, np.ndarray[Any, Any]]]:
    """All matrices are cut from one piece of noise: what they hold has no influence on how fast they are multiplied."""
    noise = np.random.default_rng(1).standard_normal(N_VOCAB * WIDTH, np.float32) * np.float32(0.02)
    piece, ones = noise.astype(np.float16), np.ones(WIDTH, np.float32)

    def matrix(rows: int, columns: int) -> np.ndarray[Any, Any]:
        return piece[: rows * columns].reshape(rows, columns)

    output = matrix(N_VOCAB, WIDTH).copy()
    output[: SPECIAL + BYTES] = 0  # no answer ends early, and each token is text
    kv = WIDTH // HEADS * KV_HEADS
    shapes = {
        "attn_q": (WIDTH, WIDTH), "attn_k": (kv, WIDTH), "attn_v": (kv, WIDTH), "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER),
    }  # fmt: skip
    found = [("token_embd.weight", matrix(N_VOCAB, WIDTH)), ("output.weight", output), ("output_norm.weight", ones)]
    for layer in range(LAYERS):
        found += [(f"blk.{layer}.{name}.weight", ones) for name in ("attn_norm", "ffn_norm")]
        found += [(f"blk.{layer}.{name}.weight", matrix(*shape)) for name, shape in shapes.items()]
    return found
