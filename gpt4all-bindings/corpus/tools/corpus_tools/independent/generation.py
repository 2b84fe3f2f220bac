"""Greedy answers, token by token, from what a model makes of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .constraint import Constraint
from .values import Json, NotCoveredError, Unknown
from .vocabulary import Vocabulary

Rows = npt.NDArray[np.float64]
SAMPLED = "sampled: another generator of random numbers gives other tokens"
WINDOW = 64  # how many tokens penalties look back at, unless the request says
MARGIN = 0.02  # nats that a token must be ahead of others that are allowed
# What a request may say without a word here about it; anything else is not covered.
KNOWN = {"prompt", "messages", "temperature", "max_tokens", "return_tokens", "stream", "n", "ignore_eos", "stop"}
KNOWN |= {"logprobs", "top_logprobs", "n_probs", "post_sampling_probs", "grammar", "json_schema", "response_format"}
KNOWN |= {"repeat_penalty", "repeat_last_n", "presence_penalty", "frequency_penalty", "logit_bias", "lora", "seed"}
KNOWN |= {"tools", "tool_choice", "parallel_tool_calls", "continue_final_message", "cache_prompt"}


class Engine(Protocol):
    """Something that computes a model."""

    name: str

    def rows(self, tokens: list[int]) -> list[Rows]:
        """The logits of what follows each token."""


@dataclass
class Answer:
    """What was generated, and why it ended."""

    tokens: list[int] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    text: Any = ""
    finish: Any = "length"
    stop: str | None = None
    count: int = 0  # of tokens, with the one that ended the answer


def generate(
    engine: Engine, vocabulary: Vocabulary, prompt: list[int], request: Json, room: int, constraint: Constraint | None
) -> Answer:
    """room: the most tokens that fit. Raises NotCoveredError for what is not greedy or is not known here."""
    if set(request) - KNOWN:  # filters of what is sampled
        raise NotCoveredError(SAMPLED)
    most = min(request.get("max_tokens", room), room)
    if request.get("temperature") != 0:
        if request.get("ignore_eos") and not request.get("stop"):
            return Answer(text=Unknown(SAMPLED), count=most)
        raise NotCoveredError(SAMPLED)
    answer, said = Answer(), b""
    for _ in range(most):
        row = engine.rows([*prompt, *answer.tokens])[-1]
        scores = penalised(row, [*prompt, *answer.tokens], request, vocabulary)
        token = choose(scores, vocabulary, said, constraint)
        answer.count += 1
        if token in vocabulary.ends:
            answer.finish = "stop"
            break
        answer.tokens.append(token)
        answer.rows.append(log_softmax(row))
        said += vocabulary.piece(token)
        if (place := first_stop(said, request.get("stop"))) is not None:
            said, answer.stop, answer.finish = said[: place[0]], place[1], "stop"
            break
    answer.text = said.decode("utf-8", "replace")
    return answer


def log_softmax(row: Rows) -> Rows:
    """The logarithms of the probabilities that logits stand for."""
    shifted = row - row.max()
    probabilities: Rows = shifted - np.log(np.exp(shifted).sum())
    return probabilities


class AmbiguousError(Exception):
    """Two tokens that would go different ways are too close to each other for one of them to be the right one."""


def choose(scores: Rows, vocabulary: Vocabulary, said: bytes, constraint: Constraint | None) -> int:
    """The best token that is allowed. Raises AmbiguousError if another one that is allowed is as good."""
    if constraint is None:
        return int(scores.argmax())
    best: int | None = None
    for token in map(int, (-scores).argsort(kind="stable")):
        if best is not None and scores[best] - scores[token] > MARGIN:
            break
        piece = vocabulary.piece(token)
        if token in vocabulary.ends:
            allowed = constraint.complete(said)
        else:
            allowed = bool(piece) and constraint.allows(said + piece)
        if allowed and best is not None and differ(vocabulary, best, token):
            raise AmbiguousError(f"after {said!r}: {vocabulary.texts[best]!r} or {vocabulary.texts[token]!r}")
        if allowed and best is None:
            best = token
    if best is None:
        raise NotCoveredError("no token is allowed")
    return best


def differ(vocabulary: Vocabulary, token: int, other: int) -> bool:
    """Whether two tokens lead to different texts, and not just to one text in other pieces."""
    if token in vocabulary.ends or other in vocabulary.ends:
        return not (token in vocabulary.ends and other in vocabulary.ends)
    one, two = vocabulary.piece(token), vocabulary.piece(other)
    return not (one.startswith(two) or two.startswith(one))


def penalised(row: Rows, before: list[int], request: Json, vocabulary: Vocabulary) -> Rows:
    """What the tokens are chosen by: the row with biases and penalties."""
    scores = row.copy()
    for token, bias in request.get("logit_bias", []):
        scores[token] += bias
    if request.get("ignore_eos"):
        scores[list(vocabulary.ends)] = -np.inf
    divisor = request.get("repeat_penalty", 1)
    seen = Counter(before[-request.get("repeat_last_n", WINDOW) :])
    for token, count in seen.items():
        scores[token] = scores[token] / divisor if scores[token] > 0 else scores[token] * divisor
        scores[token] -= count * request.get("frequency_penalty", 0) + request.get("presence_penalty", 0)
    return scores


def first_stop(said: bytes, stop: str | list[str] | None) -> tuple[int, str] | None:
    """Where the earliest stop text begins, and which it is."""
    texts = [stop] if isinstance(stop, str) else stop or []
    found = [(said.index(text.encode()), text) for text in texts if text.encode() in said]
    return min(found) if found else None
