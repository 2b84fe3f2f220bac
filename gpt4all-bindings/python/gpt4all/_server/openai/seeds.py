"""Seeds, of which OpenAI and Ollama know more than the engine."""

from __future__ import annotations

from typing import Any

RANDOM = -1
"""The engine's, which stands for a different one each time."""

COUNT = 2**32


def fold_seed(body: dict[str, Any]) -> None:
    """Makes one of the engine's of a seed of 64 bits: requests with the same one have the same still."""
    seed = body.get("seed")
    if isinstance(seed, int) and not isinstance(seed, bool) and seed != RANDOM:
        body["seed"] = seed % COUNT
