"""Which of several types to take on a machine."""

from __future__ import annotations

from collections.abc import Sequence

from ._compare import Quality

GOOD_AGREEMENT = 0.95
"""Above this top_agreement, answers differ from the original's in wording at most."""
MEMORY_SHARE = 0.8  # of what is free, so that the machine is still of use


def recommend(models: Sequence[Quality], free_memory: int) -> Quality | None:
    """The fastest to write among those that fit into the memory and agree with the original in 95 of 100 tokens; if
    none does, the one that agrees most; None if none fits.

    free_memory: in bytes; four fifths of it may be used.
    """
    fitting = [model for model in models if model.memory <= MEMORY_SHARE * free_memory and model.divergence]
    if not fitting:
        return None
    good = [model for model in fitting if model.divergence and model.divergence.top_agreement >= GOOD_AGREEMENT]
    if good:
        return max(good, key=lambda model: model.write_per_second)
    return max(fitting, key=lambda model: model.divergence.top_agreement if model.divergence else 0.0)
