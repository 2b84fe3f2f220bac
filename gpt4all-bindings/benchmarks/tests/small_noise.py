"""Models of noise as small as quantised ones can be."""

from __future__ import annotations

import noise
import pytest

LAYERS, WIDTH, INNER, N_VOCAB = 2, 256, 512, 512
KV = WIDTH // noise.HEADS * noise.KV_HEADS
OF_LAYER = 2 * WIDTH * WIDTH + 2 * KV * WIDTH + 3 * INNER * WIDTH


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as a test lasts."""
    for name, size in (("LAYERS", LAYERS), ("WIDTH", WIDTH), ("INNER", INNER), ("N_VOCAB", N_VOCAB)):
        monkeypatch.setattr(noise, name, size)
