"""Prompts and answers that do not fit into the context."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import (
    COMPLETION_TOKENS,
    REASON,
    SMOLLM2,
    TEXT,
    TINY,
    Json,
    case,
    contains,
    equals,
    exact,
    greedy,
    open_,
    request,
    user,
)

DESCRIPTION = "Prompts and answers that do not fit into the context."

LONG = "hello world " * 200


def cases() -> Iterator[Json]:
    small = open_(n_ctx=256)
    refused = {"status": "context_overflow"}
    says = (contains("/message", "256"), *exact("/detail"))
    fine = greedy("complete", {"prompt": "hello", "max_tokens": 4}, *exact(TEXT))
    yield case("tiny-complete", "A prompt", TINY, small, request("complete", {"prompt": LONG}, *says, **refused), fine)
    yield case(
        "tiny-chat", "A conversation", TINY, small, request("chat", {"messages": user(LONG)}, *says, **refused), fine
    )
    scored = request("score", {"context": LONG, "continuations": [" x"]}, **refused)
    yield case("tiny-score", "A context with its continuations", TINY, small, scored, fine)
    filled = request(
        "complete", {"prompt": "hello", "ignore_eos": True}, *exact(COMPLETION_TOKENS), equals(REASON, "length")
    )
    yield case("tiny-full", "An answer ends where the context is full", TINY, small, filled, fine)
    shifted = request(
        "complete", {"prompt": "hello", "ignore_eos": True, "max_tokens": 300}, equals(COMPLETION_TOKENS, 300)
    )
    yield case(
        "tiny-shift", "With context shift an answer goes on", TINY, open_(n_ctx=256, context_shift=True), shifted
    )
    exactly = request("complete", {"prompt": [300] * 256}, **refused)
    fits = request("complete", {"prompt": [300] * 250, "ignore_eos": True}, *exact(COMPLETION_TOKENS))
    yield case(
        "tiny-border", "A prompt as long as the context leaves no room for an answer", TINY, small, exactly, fits
    )
    step = request("complete", {"prompt": LONG * 4}, *exact("/detail"), **refused)
    yield case("smollm2-complete", "A real model's prompt", SMOLLM2, open_(), step)
