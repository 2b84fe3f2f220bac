"""How well a model predicts held-out answers, and whether training made it better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_RESAMPLES = 10_000
_DRAWN = 1 << 18

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Losses:
    """Of each conversation, the sum over its answers' tokens, in nats, and how many these are."""

    sums: Floats
    tokens: Floats

    @property
    def mean(self) -> float:
        """A token's, over all of them."""
        return float(self.sums.sum() / self.tokens.sum())


@dataclass(frozen=True)
class Compared:
    """The mean loss of a token before and after training, and the difference with its 95% confidence interval.

    The interval is a bootstrap's over conversations, as tokens of one conversation are alike.
    """

    conversations: int
    tokens: int
    before: float
    after: float
    difference: float
    low: float
    high: float


def compare(before: Losses, after: Losses, seed: int) -> Compared:
    """Compares the losses of the same conversations."""
    generator = np.random.default_rng(seed)
    count = len(before.sums)
    differences = after.sums - before.sums
    means: list[float] = []
    while len(means) < _RESAMPLES:  # some at a time, as all at once take much memory
        drawn = generator.integers(0, count, (min(_RESAMPLES - len(means), max(1, _DRAWN // count)), count))
        means += (differences[drawn].sum(axis=1) / before.tokens[drawn].sum(axis=1)).tolist()
    low, high = np.quantile(means, (0.025, 0.975))
    tokens = int(before.tokens.sum())
    difference = float(differences.sum() / tokens)
    return Compared(count, tokens, before.mean, after.mean, difference, float(low), float(high))


def measure(model: Any, dataset: Any, advance: Callable[[int], None]) -> Losses:
    """Measures each conversation by itself, without padding."""
    import torch

    model.eval()
    sums, counts = [], []
    with torch.inference_mode():
        for row in dataset:
            tokens = torch.tensor(row["input_ids"], device=model.device)
            labels = torch.tensor(row["labels"][1:], device=model.device)
            learnt = labels >= 0
            logits = model(input_ids=tokens[None]).logits[0, :-1][learnt]
            losses = torch.nn.functional.cross_entropy(logits.double(), labels[learnt], reduction="sum")
            sums.append(float(losses))
            counts.append(float(learnt.sum()))
            advance(1)
    return Losses(np.array(sums), np.array(counts))
