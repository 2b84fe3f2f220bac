"""Tensor data of the model files of 2023: every type in the three layouts of its blocks, encoded and decoded.

Values are rows of float32; data are rows of bytes, of the shape (rows, row_size()). The layouts are those of llama.cpp
and ggml: A until May 12, 2023 (pull request 1405: order of the nibbles), B until May 19 (pull request 1508: scales in
half precision), C since, which GGUF has too. Encoders round as those of that time did, so that files can be compared
byte for byte with theirs.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from . import k_quants

Array = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


class Layout(Enum):
    A = "a"
    B = "b"
    C = "c"


class TensorType(IntEnum):
    """The number that a file gives a tensor's type."""

    F32 = 0
    F16 = 1
    Q4_0 = 2
    Q4_1 = 3
    Q4_2 = 4
    Q4_3 = 5
    Q5_0 = 6
    Q5_1 = 7
    Q8_0 = 8
    Q2_K = 10
    Q3_K = 11
    Q4_K = 12
    Q5_K = 13
    Q6_K = 14


_BLOCKS_OF_16 = (TensorType.Q4_2, TensorType.Q4_3)
_K_QUANTS = tuple(kind for kind in TensorType if kind >= TensorType.Q2_K)
_WITH_MINIMUM = (TensorType.Q4_1, TensorType.Q4_3, TensorType.Q5_1)
_F32_SCALES = (TensorType.Q4_0, TensorType.Q4_1, TensorType.Q8_0)  # before layout C


def types_of(layout: Layout) -> list[TensorType]:
    """The types that a layout has."""
    missing = _K_QUANTS if layout == Layout.A else (*_BLOCKS_OF_16, *(_K_QUANTS if layout == Layout.B else ()))
    return [kind for kind in TensorType if kind not in missing]


def block_length(kind: TensorType) -> int:
    """Elements of a block."""
    if kind >= TensorType.Q2_K:
        return k_quants.BLOCK
    if kind <= TensorType.F16:
        return 1
    return 16 if kind in _BLOCKS_OF_16 else 32


def _block_dtype(kind: TensorType, layout: Layout) -> np.dtype[Any]:
    """The fields of a block, in the file's order: scale d, minimum m, fifth bits qh, codes qs."""
    scale = "<f4" if kind in _F32_SCALES and layout != Layout.C else "<f2"
    fields: list[Any] = [("d", scale)]
    if kind in _WITH_MINIMUM:
        fields.append(("m", scale))
    if kind in (TensorType.Q5_0, TensorType.Q5_1):
        fields.append(("qh", "<u4"))
    if kind == TensorType.Q8_0:
        return np.dtype([*fields, ("qs", "i1", (32,))])
    return np.dtype([*fields, ("qs", "u1", (block_length(kind) // 2,))])


def block_size(kind: TensorType, layout: Layout) -> int:
    """Bytes of a block."""
    if kind >= TensorType.Q2_K:
        return k_quants.block_size(kind.name)
    if kind <= TensorType.F16:
        return 2 if kind == TensorType.F16 else 4
    return _block_dtype(kind, layout).itemsize


def row_size(kind: TensorType, layout: Layout, columns: int) -> int:
    """Bytes of a row; ValueError if it is not a whole number of blocks."""
    if columns % block_length(kind):
        raise ValueError(
            f"a row of {columns} elements is not made of blocks of {block_length(kind)}, as {kind.name} is"
        )
    return columns // block_length(kind) * block_size(kind, layout)


def encode(values: Array, kind: TensorType, layout: Layout) -> Bytes:
    """Rows of float32 as rows of bytes. ValueError for what a layout does not have."""
    _check(kind, layout)
    row_size(kind, layout, values.shape[-1])
    if kind >= TensorType.Q2_K:
        return k_quants.encode(values, kind.name)
    if kind <= TensorType.F16:
        plain = values.astype("<f2" if kind == TensorType.F16 else "<f4")
        return plain.view(np.uint8).reshape(len(values), -1)
    blocks = values.astype(np.float32).reshape(-1, block_length(kind))
    scale, minimum, codes = _encode_q8_0(blocks) if kind == TensorType.Q8_0 else _encode_codes(blocks, kind)
    out = np.zeros(len(blocks), _block_dtype(kind, layout))
    with np.errstate(over="ignore"):  # a scale that half precision does not hold was written as infinity
        out["d"] = scale
        if kind in _WITH_MINIMUM:
            out["m"] = minimum
    if kind in (TensorType.Q5_0, TensorType.Q5_1):
        bits = (codes >> 4).astype(np.uint32) << np.arange(32, dtype=np.uint32)
        out["qh"] = np.bitwise_or.reduce(bits, axis=-1)
    out["qs"] = codes if kind == TensorType.Q8_0 else _pack(codes, layout)
    return out.view(np.uint8).reshape(len(values), -1)


def decode(data: Bytes, kind: TensorType, layout: Layout) -> Array:
    """Rows of bytes as rows of float32: what the file says, to the last bit."""
    _check(kind, layout)
    rows = len(data)
    if kind >= TensorType.Q2_K:
        return k_quants.decode(data, kind.name)
    if kind <= TensorType.F16:
        plain = np.ascontiguousarray(data).view("<f2" if kind == TensorType.F16 else "<f4")
        return plain.astype(np.float32).reshape(rows, -1)
    blocks = np.ascontiguousarray(data).reshape(-1).view(_block_dtype(kind, layout))
    scale = blocks["d"].astype(np.float32)[:, None]
    if kind == TensorType.Q8_0:
        return (blocks["qs"].astype(np.float32) * scale).reshape(rows, -1)
    codes = _unpack(blocks["qs"], layout).astype(np.int32)
    if kind in (TensorType.Q5_0, TensorType.Q5_1):
        codes |= ((blocks["qh"][:, None] >> np.arange(32, dtype=np.uint32)) & 1).astype(np.int32) << 4
    if kind in _WITH_MINIMUM:
        values = codes.astype(np.float32) * scale + blocks["m"].astype(np.float32)[:, None]
    else:
        values = (codes - (16 if kind == TensorType.Q5_0 else 8)).astype(np.float32) * scale
    return values.astype(np.float32).reshape(rows, -1)


def _check(kind: TensorType, layout: Layout) -> None:
    if kind not in types_of(layout):
        raise ValueError(f"there is no {kind.name} in layout {layout.value}")


def _inverse(scale: Array) -> Array:
    return np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)


def _encode_q8_0(blocks: Array) -> tuple[Array, Array, npt.NDArray[np.int8]]:
    scale = np.abs(blocks).max(axis=-1) / np.float32(127)
    scaled = blocks * _inverse(scale)[:, None]
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))  # halves away from zero, as C's roundf
    return scale, scale, rounded.astype(np.int8)


def _encode_codes(blocks: Array, kind: TensorType) -> tuple[Array, Array, npt.NDArray[np.uint8]]:
    """Scale, minimum and codes of 0 to 15, or to 31 for types of five bits."""
    levels = 32 if kind in (TensorType.Q5_0, TensorType.Q5_1) else 16
    if kind in _WITH_MINIMUM:
        minimum = blocks.min(axis=-1)
        scale = (blocks.max(axis=-1) - minimum) / np.float32(levels - 1)
        codes = (blocks - minimum[:, None]) * _inverse(scale)[:, None] + np.float32(0.5)
        return scale, minimum, np.minimum(np.trunc(codes), levels - 1).astype(np.uint8)
    furthest = np.abs(blocks).argmax(axis=-1)
    half = levels // 2
    # the code 0 stands for the value furthest from zero, whatever its sign
    scale = blocks[np.arange(len(blocks)), furthest] / np.float32(-half)
    codes = blocks * _inverse(scale)[:, None] + np.float32(half + 0.5)
    return scale, scale, np.minimum(np.trunc(codes), levels - 1).astype(np.uint8)


def _pack(codes: npt.NDArray[Any], layout: Layout) -> Bytes:
    """The low four bits of two codes a byte, the low nibble first: of neighbours in layout A, since then of elements
    half a block apart.
    """
    half = codes.shape[1] // 2
    low, high = (codes[:, 0::2], codes[:, 1::2]) if layout == Layout.A else (codes[:, :half], codes[:, half:])
    return ((low & 15) | (high << 4)).astype(np.uint8)


def _unpack(packed: Bytes, layout: Layout) -> Bytes:
    axis = 2 if layout == Layout.A else 1
    return np.stack([packed & 15, packed >> 4], axis=axis).astype(np.uint8).reshape(len(packed), -1)
