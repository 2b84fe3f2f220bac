"""The library's logits, for comparison with others'."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gpt4all
import numpy as np
import numpy.typing as npt

from .blocks import TensorType
from .vocabulary import Vocabulary

TOKENS = 24  # of the sequence that is compared


def sequence(vocabulary: Vocabulary, length: int = TOKENS) -> list[int]:
    """Tokens that are always the same; the first is 1, LLaMA's <s>, which engines of 2023 may ask for."""
    random = np.random.RandomState(3)
    return [1, *map(int, random.randint(3, len(vocabulary), length - 1))]


def logits(path: Path, tokens: Sequence[int], cache: Path | None = None) -> npt.NDArray[np.float64]:
    """Log-probabilities after each of the tokens, (tokens, vocabulary): logits, but for a constant of each.

    cache: the folder for translations; None is the user's.
    """
    options = {} if cache is None else {"cache_dir": str(cache)}
    with gpt4all.Model(path, n_ctx=256, **options) as opened:  # type: ignore[arg-type]
        return score_rows(opened, list(tokens))


def score_rows(opened: gpt4all.Model, tokens: list[int]) -> npt.NDArray[np.float64]:
    """The same with a model that is open."""
    # the last token's row is that of what would follow it, so that it has to be followed by one
    scores = opened.score([tokens[0]], [[*tokens[1:], tokens[0]]], logprob_rows="all")
    rows = {row.position: row.logprobs for row in scores.rows}
    return np.array([rows[position] for position in range(len(tokens))], np.float64)


def least_cosine(kind: TensorType) -> float:
    """How alike logits must be to those that were computed without rounding activations, as the library does."""
    if kind in (TensorType.F32, TensorType.F16):
        return 0.99999
    return 0.9975 if kind in (TensorType.Q4_2, TensorType.Q4_3) else 0.9985  # the last two are turned into others
