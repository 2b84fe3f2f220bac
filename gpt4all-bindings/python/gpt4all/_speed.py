"""How fast a model reads and writes."""

from __future__ import annotations

import random
from typing import Any, Literal

from ._model import Model


def tokens_per_second(
    model: Model, part: Literal["prompt", "predicted"], n_prompt: int, n_gen: int, seed: int
) -> float:
    """Of one request of random tokens, which shares no beginning with those of other seeds."""
    tokens = random.Random(seed).choices(range(10, min(model.info()["n_vocab"], 1000)), k=n_prompt)
    result = model.complete(tokens, max_tokens=n_gen, ignore_eos=True, cache_prompt=False, temperature=0)
    timings: Any = result.timings
    return float(timings[f"{part}_per_second"])
