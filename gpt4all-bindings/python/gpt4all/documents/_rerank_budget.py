"""A reranker that has a time: what it has not done by then is left out."""

from __future__ import annotations

import concurrent.futures
import math
import time
from collections.abc import Sequence

from .._errors import InvalidArgumentError
from ._reranker import Reranker

SECONDS = 0.4
_AT_ONCE = 4  # few, as a part that is not ready in time is lost


class RerankBudget:
    """For one thread at a time. seconds: for one question.

    It reranks in a thread of its own, since nothing ends a reranker that is at work: whoever asks waits no longer than
    the time, and the next question for the rest of it at most.
    """

    def __init__(self, reranker: Reranker, seconds: float) -> None:
        if not seconds > 0:
            raise InvalidArgumentError(f"the time to rerank is {seconds} s; it must be more than 0")
        self._reranker = reranker
        self._seconds = seconds
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "rerank")

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well the first texts answer the question: as many as were ready in time.

        Raises what the reranker raises, and InvalidArgumentError if it does not score each text.
        """
        now = time.monotonic()
        until, ready, each = now + self._seconds, list[float](), 0.0
        while some := texts[len(ready) : len(ready) + _AT_ONCE]:
            if now + each * len(some) > until:
                break
            asked = self._thread.submit(self._scored, question, some)
            if not concurrent.futures.wait([asked], until - now).done:
                asked.cancel()  # should it wait for an earlier one
                break
            ready += asked.result()
            begun, now = now, time.monotonic()
            each = (now - begun) / len(some)
        return ready

    def _scored(self, question: str, texts: Sequence[str]) -> list[float]:
        scores = {each.index: float(each.relevance_score) for each in self._reranker.rerank(question, texts)}
        if sorted(scores) != list(range(len(texts))) or not all(map(math.isfinite, scores.values())):
            raise InvalidArgumentError(
                f"the reranker must give each of {len(texts)} documents a number by its index from 0; it gave {scores}"
            )
        return [scores[index] for index in range(len(texts))]

    def close(self) -> None:
        """Waits for what is being reranked."""
        self._thread.shutdown(cancel_futures=True)
