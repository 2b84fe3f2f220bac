"""What is measured of ranked passages, of which one span of characters is the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

Span = tuple[str, int, int]
"""A file, and the first character in it and the one after the last."""


def recall(ranked: Sequence[Span], answer: Span, count: int) -> float:
    """How much of the answer the best passages have together, from 0 to 1."""
    return _covered(ranked[:count], answer) / (answer[2] - answer[1])


def ndcg(ranked: Sequence[Span], answer: Span, count: int) -> float:
    """The discounted gain: of each passage, what of the answer none before it has. 1 if the first has all of it."""
    gained = before = 0.0
    for rank in range(1, min(count, len(ranked)) + 1):
        now = recall(ranked, answer, rank)
        gained += (now - before) / math.log2(rank + 1)
        before = now
    return gained


def overlap(ranked: Sequence[Span], answer: Span, count: int) -> float:
    """The characters that the best passages share with the answer, of all that either has."""
    retrieved = sum(end - start for spans in _merged(ranked[:count]).values() for start, end in spans)
    shared = _covered(ranked[:count], answer)
    return shared / (retrieved + answer[2] - answer[1] - shared)


def auc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """The probability that one of the first numbers is above one of the second: the area under the ROC curve."""
    pairs = [1.0 if one > other else 0.5 if one == other else 0.0 for one in higher for other in lower]
    return sum(pairs) / len(pairs)


def percentile(numbers: Sequence[float], share: float) -> float:
    """The smallest number that such a share of them does not exceed."""
    ordered = sorted(numbers)
    return ordered[min(max(math.ceil(share * len(ordered)) - 1, 0), len(ordered) - 1)]


def _covered(spans: Sequence[Span], answer: Span) -> int:
    merged = _merged(spans).get(answer[0], [])
    return sum(max(0, min(end, answer[2]) - max(start, answer[1])) for start, end in merged)


def _merged(spans: Sequence[Span]) -> dict[str, list[tuple[int, int]]]:
    """For each file what of it the spans have, each character once."""
    merged: dict[str, list[tuple[int, int]]] = {}
    for file, start, end in sorted(spans):
        own = merged.setdefault(file, [])
        if own and start <= own[-1][1]:
            own[-1] = (own[-1][0], max(own[-1][1], end))
        else:
            own.append((start, end))
    return merged
