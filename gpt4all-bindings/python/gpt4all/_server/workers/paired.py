"""Pieces of an answer together with the log-probabilities of their tokens, which the engine gives right behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..._stream import as_event
from ..._task import Event

Logprobs = list[dict[str, Any]]

PIECES = ("text", "reasoning", "tool_call")


def wants_logprobs(request: Mapping[str, Any]) -> bool:
    """Whether a request's pieces are to come with them. `logprobs` may be 0, for the tokens that were chosen alone."""
    logprobs = request.get("logprobs")
    return request.get("n_probs") is not None or not (logprobs is None or logprobs is False)


def paired(items: Iterable[str | Event]) -> Iterator[tuple[Event, Logprobs | None]]:
    """The events, each piece with what was told of its tokens. Tokens that have no text come with an empty one."""
    held: dict[int, Event] = {}
    for item in items:
        event = as_event(item)
        if event.kind == "token_logprobs":
            yield held.pop(event.index, Event("text", event.index, "")), event.data["content"]
            continue
        # It has no tokens of its own: they come with a later piece.
        yield from [(held.pop(index), None) for index in list(held) if event.kind not in PIECES or index == event.index]
        if event.kind in PIECES:
            held[event.index] = event
        else:
            yield event, None
