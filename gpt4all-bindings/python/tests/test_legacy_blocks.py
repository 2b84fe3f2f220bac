"""The test writer's own encoders and decoders: byte by byte where a block is short, and against the gguf package."""

from __future__ import annotations

import struct

import gguf
import numpy as np
import numpy.typing as npt
import pytest
from corpus_tools.legacy.blocks import Layout, TensorType, block_length, decode, encode, row_size, types_of
from gguf.quants import dequantize, quantize

CASES = [(layout, kind) for layout in Layout for kind in types_of(layout)]
# How much of random weights' size a type may get wrong (root mean square).
ERRORS = {
    TensorType.F32: 0,
    TensorType.F16: 3e-4,
    TensorType.Q4_0: 0.09,
    TensorType.Q4_1: 0.082,
    TensorType.Q4_2: 0.08,
    TensorType.Q4_3: 0.07,
    TensorType.Q5_0: 0.045,
    TensorType.Q5_1: 0.041,
    TensorType.Q8_0: 6e-3,
    TensorType.Q2_K: 0.35,
    TensorType.Q3_K: 0.17,
    TensorType.Q4_K: 0.082,
    TensorType.Q5_K: 0.041,
    TensorType.Q6_K: 0.021,
}


def weights(rows: int = 8) -> npt.NDArray[np.float32]:
    values = (np.random.RandomState(0).standard_normal((rows, 512)) * 0.02).astype(np.float32)
    values[3, :256] = 0
    return values


@pytest.mark.parametrize(("layout", "kind"), CASES)
def test_what_is_encoded_is_decoded_within_the_error_of_its_type(layout: Layout, kind: TensorType) -> None:
    values = weights()
    data = encode(values, kind, layout)
    back = decode(data, kind, layout)
    assert data.shape == (8, row_size(kind, layout, 512))
    error = np.sqrt(((back - values) ** 2).mean() / (values**2).mean())
    assert ERRORS[kind] / 2 <= error <= ERRORS[kind]
    assert not back[3, :256].any()


@pytest.mark.parametrize("kind", types_of(Layout.C))
def test_layout_c_is_that_of_gguf(kind: TensorType) -> None:
    values, same = weights(), gguf.GGMLQuantizationType[kind.name]
    data = encode(values, kind, Layout.C)
    if TensorType.Q4_0 <= kind <= TensorType.Q8_0:
        assert (quantize(values, same) == data).all()
    if kind > TensorType.F16:
        assert (dequantize(data, same) == decode(data, kind, Layout.C)).all()


@pytest.mark.parametrize("layout", [Layout.A, Layout.B])
@pytest.mark.parametrize("kind", [TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0])
def test_older_layouts_have_the_same_values_but_for_the_precision_of_scales(layout: Layout, kind: TensorType) -> None:
    values = weights()
    old = decode(encode(values, kind, layout), kind, layout)
    new = decode(encode(values, kind, Layout.C), kind, Layout.C)
    if kind in (TensorType.Q5_0, TensorType.Q5_1):
        assert (old == new).all()
    else:
        assert (old != new).any()
        assert np.abs(old - new).max() <= np.abs(values).max() * 2**-9


# A block with the codes 0, 1, 2 … (5-bit types: every code once), written as section 1.1 of the formats has it.
NIBBLES_A = bytes(low | high << 4 for low, high in zip(range(0, 16, 2), range(1, 16, 2), strict=True))
NIBBLES_B = bytes([code | code << 4 for code in range(16)])


def test_the_bytes_of_a_block_of_each_type() -> None:
    codes = np.arange(16)
    two_times = np.concatenate([codes, codes]).astype(np.float32)
    every = np.arange(32, dtype=np.float32)
    half = struct.pack("<e", 0.5)
    expected = [
        (TensorType.Q4_0, Layout.A, struct.pack("<f", 0.5) + NIBBLES_A * 2, (two_times - 8) / 2),
        (TensorType.Q4_0, Layout.B, struct.pack("<f", 0.5) + NIBBLES_B, (two_times - 8) / 2),
        (TensorType.Q4_0, Layout.C, half + NIBBLES_B, (two_times - 8) / 2),
        (TensorType.Q4_1, Layout.A, struct.pack("<2f", 0.5, -3) + NIBBLES_A * 2, two_times / 2 - 3),
        (TensorType.Q4_1, Layout.B, struct.pack("<2f", 0.5, -3) + NIBBLES_B, two_times / 2 - 3),
        (TensorType.Q4_2, Layout.A, half + NIBBLES_A, (two_times[:16] - 8) / 2),
        (TensorType.Q4_3, Layout.A, struct.pack("<2e", 0.5, -3) + NIBBLES_A, two_times[:16] / 2 - 3),
        (TensorType.Q5_0, Layout.A, half + struct.pack("<I", 0xFFFF0000) + NIBBLES_A * 2, (every - 16) / 2),
        (TensorType.Q5_0, Layout.B, half + struct.pack("<I", 0xFFFF0000) + NIBBLES_B, (every - 16) / 2),
        (
            TensorType.Q5_1,
            Layout.A,
            struct.pack("<2eI", 0.5, -3, 0xFFFF0000) + NIBBLES_A * 2,
            every / 2 - 3,
        ),
        (TensorType.Q8_0, Layout.A, struct.pack("<f32b", 0.5, *range(-16, 16)), (every - 16) / 2),
        (TensorType.Q8_0, Layout.C, struct.pack("<e32b", 0.5, *range(-16, 16)), (every - 16) / 2),
    ]
    for kind, layout, data, values in expected:
        row = np.frombuffer(data, np.uint8)[None]
        assert len(data) == row_size(kind, layout, block_length(kind))
        assert decode(row, kind, layout)[0].tolist() == values.tolist(), (kind, layout)
        # these values are their own rounding: Q8_0's largest would have the code 127
        if kind != TensorType.Q8_0:
            assert encode(values[None], kind, layout).tobytes() == data, (kind, layout)


def test_a_block_of_zeros_has_the_scale_minus_zero() -> None:
    data = encode(np.zeros((1, 32), np.float32), TensorType.Q4_0, Layout.A)
    assert data.tobytes() == struct.pack("<f", -0.0) + bytes([0x88] * 16)


def test_what_a_layout_does_not_have_is_refused() -> None:
    for layout, kind in ((Layout.B, TensorType.Q4_2), (Layout.C, TensorType.Q4_3), (Layout.A, TensorType.Q6_K)):
        with pytest.raises(ValueError, match=kind.name):
            encode(weights(), kind, layout)
    with pytest.raises(ValueError, match="blocks of 32"):
        encode(np.zeros((1, 48), np.float32), TensorType.Q4_0, Layout.A)
