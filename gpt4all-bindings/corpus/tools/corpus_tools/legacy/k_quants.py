"""Encoders of the K-quants: blocks of 256 with scales of scales, which are the same in `ggjt` 3 and GGUF.

Scales and codes are found in one simple pass, so the bytes are not those that llama.cpp would choose; but any tool can
decode them. Decoding is that of the `gguf` package.
"""

from __future__ import annotations

import gguf
import numpy as np
import numpy.typing as npt
from gguf.quants import dequantize

Array = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

BLOCK = 256


def block_size(name: str) -> int:
    """Bytes of a block of 256."""
    return gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]][1]


def decode(data: Bytes, name: str) -> Array:
    """Rows of bytes as rows of float32."""
    values: Array = dequantize(np.ascontiguousarray(data), gguf.GGMLQuantizationType[name])
    return values


def encode(values: Array, name: str) -> Bytes:
    """Rows of float32, a multiple of 256 wide, as rows of bytes."""
    blocks = values.astype(np.float32).reshape(-1, BLOCK)
    data = _ENCODERS[name](blocks)
    return data.reshape(len(values), -1)


def _half(values: Array) -> Bytes:
    """Half-precision numbers as bytes, of the shape (blocks, 2)."""
    return values.astype("<f2").view(np.uint8).reshape(-1, 2)


def _divide(values: Array, by: Array) -> Array:
    return np.divide(values, by, out=np.zeros_like(values), where=by != 0)


def _signed(blocks: Array, group: int, lowest: int, scale_lowest: int) -> tuple[Array, Array, npt.NDArray[np.int32]]:
    """d, scales and codes with values d · scale · code; codes from lowest to -lowest - 1, scales likewise."""
    groups = blocks.reshape(len(blocks), -1, group)
    furthest = np.abs(groups).argmax(axis=-1)[..., None]
    wanted: Array = np.take_along_axis(groups, furthest, axis=-1)[..., 0] / np.float32(lowest)
    largest = np.take_along_axis(wanted, np.abs(wanted).argmax(axis=-1)[:, None], axis=-1)[:, 0]
    d = (largest / scale_lowest).astype(np.float16).astype(np.float32)
    scales = np.clip(
        np.rint(_divide(wanted, np.broadcast_to(d[:, None], wanted.shape))), scale_lowest, -scale_lowest - 1
    )
    steps = np.broadcast_to((d[:, None] * scales)[..., None], groups.shape)
    codes = np.clip(np.rint(_divide(groups, steps)), lowest, -lowest - 1).astype(np.int32)
    return d, scales.astype(np.float32), codes


def _with_minimum(
    blocks: Array, group: int, levels: int, scale_levels: int
) -> tuple[Array, Array, Bytes, Bytes, npt.NDArray[np.uint8]]:
    """d, dmin, scales, minima and codes with values d · scale · code - dmin · minimum."""
    groups = blocks.reshape(len(blocks), -1, group)
    lowest = np.minimum(groups.min(axis=-1), 0)  # the minimum is subtracted and has no sign
    spans = (np.maximum(groups.max(axis=-1), 0) - lowest) / (levels - 1)
    d = (spans.max(axis=-1) / (scale_levels - 1)).astype(np.float16).astype(np.float32)
    dmin = (-lowest.min(axis=-1) / (scale_levels - 1)).astype(np.float16).astype(np.float32)
    scales = np.clip(np.rint(_divide(spans, np.broadcast_to(d[:, None], spans.shape))), 0, scale_levels - 1)
    minima = np.clip(np.rint(_divide(-lowest, np.broadcast_to(dmin[:, None], spans.shape))), 0, scale_levels - 1)
    steps = np.broadcast_to((d[:, None] * scales)[..., None], groups.shape)
    shifted = groups + (dmin[:, None] * minima)[..., None]
    codes = np.clip(np.rint(_divide(shifted, steps)), 0, levels - 1).astype(np.uint8)
    return d, dmin, scales.astype(np.uint8), minima.astype(np.uint8), codes


def _spread(codes: npt.NDArray[np.uint8], width: int, bits: int) -> Bytes:
    """Codes of a few bits: byte k of a run holds elements k, k + width, k + 2 · width …, from its lowest bits on."""
    parts = codes.reshape(len(codes), -1, 8 // bits, width)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:, None]
    spread: Bytes = np.bitwise_or.reduce(parts << shifts, axis=2).astype(np.uint8).reshape(len(codes), -1)
    return spread


def _bits(codes: Bytes, lowest: int, count: int) -> Bytes:
    """So many bits of each code."""
    return ((codes >> lowest) & ((1 << count) - 1)).astype(np.uint8)


def _q2_k(blocks: Array) -> Bytes:
    d, dmin, scales, minima, codes = _with_minimum(blocks, 16, 4, 16)
    return np.hstack([_spread(np.stack([scales, minima], axis=1), 16, 4), _spread(codes, 32, 2), _half(d), _half(dmin)])


def _q3_k(blocks: Array) -> Bytes:
    d, scales, signed = _signed(blocks, 16, -4, -32)
    codes, raised = (signed + 4).astype(np.uint8), (scales + 32).astype(np.uint8)
    low = (raised[:, :8] & 15) | ((raised[:, 8:] & 15) << 4)
    high = np.bitwise_or.reduce((raised >> 4).reshape(-1, 4, 4) << np.array([0, 2, 4, 6], np.uint8)[:, None], axis=1)
    return np.hstack(
        [_spread(_bits(codes, 2, 1), 32, 1), _spread(_bits(codes, 0, 2), 32, 2), low, high.astype(np.uint8), _half(d)]
    )


def _six_bits(scales: Bytes, minima: Bytes) -> Bytes:
    """Eight scales and eight minima of six bits each in twelve bytes."""
    first = (scales[:, :4] & 63) | ((scales[:, 4:] >> 4) << 6)
    second = (minima[:, :4] & 63) | ((minima[:, 4:] >> 4) << 6)
    third = (scales[:, 4:] & 15) | ((minima[:, 4:] & 15) << 4)
    return np.hstack([first, second, third]).astype(np.uint8)


def _q4_k(blocks: Array) -> Bytes:
    d, dmin, scales, minima, codes = _with_minimum(blocks, 32, 16, 64)
    return np.hstack([_half(d), _half(dmin), _six_bits(scales, minima), _spread(codes, 32, 4)])


def _q5_k(blocks: Array) -> Bytes:
    d, dmin, scales, minima, codes = _with_minimum(blocks, 32, 32, 64)
    low, high = _spread(_bits(codes, 0, 4), 32, 4), _spread(_bits(codes, 4, 1), 32, 1)
    return np.hstack([_half(d), _half(dmin), _six_bits(scales, minima), high, low])


def _q6_k(blocks: Array) -> Bytes:
    d, scales, signed = _signed(blocks, 16, -32, -128)
    codes = (signed + 32).astype(np.uint8)
    low, high = _spread(_bits(codes, 0, 4), 64, 4), _spread(_bits(codes, 4, 2), 32, 2)
    return np.hstack([low, high, scales.astype(np.int8).view(np.uint8), _half(d)])


_ENCODERS = {"Q2_K": _q2_k, "Q3_K": _q3_k, "Q4_K": _q4_k, "Q5_K": _q5_k, "Q6_K": _q6_k}
