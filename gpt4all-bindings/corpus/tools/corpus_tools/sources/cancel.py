"""Requests that are cancelled."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import (
    SMOLLM2,
    TEXT,
    TINY,
    Json,
    case,
    equals,
    exact,
    greedy,
    open_,
    request,
    same_as,
    step,
    together,
    user,
)

DESCRIPTION = "Requests that are cancelled, and that the model is none the worse for it."


def long() -> Json:
    """An answer that takes minutes: it cannot be over before it is cancelled, however slow the reader is."""
    return {"prompt": "hello", "max_tokens": 1_000_000, "ignore_eos": True}


def cases() -> Iterator[Json]:
    after = greedy("complete", {"prompt": "hello world", "max_tokens": 5}, *exact(TEXT))
    for count in (0, 1, 5):
        stopped = request("complete", long(), status="cancelled", cancel_after=count)
        title = f"After {count} pieces of text; the next request is answered as ever"
        yield case(f"tiny-after-{count}", title, TINY, open_(context_shift=True), stopped, after)
    prompt = request("chat", {"messages": user("the cat " * 800)}, status="cancelled", cancel_after=0)
    yield case("tiny-prompt", "While the prompt is processed", TINY, open_(n_ctx=2048), prompt, after)
    scores = {"context": "hello", "continuations": [" the cat and dog" * 60] * 20}
    stopped = request("score", scores, status="cancelled", cancel_after=0)
    yield case("tiny-score", "What generates nothing is cancelled, too", TINY, open_(n_ctx=2048), stopped, after)
    yield case(
        "tiny-neighbour",
        "The neighbours of a request that is cancelled go on",
        TINY,
        open_(n_ctx=1024, n_parallel=2, context_shift=True),
        after,
        together(
            request("complete", long(), status="cancelled", cancel_after=2),
            greedy("complete", {"prompt": "hello world", "max_tokens": 5}),
            expect=(same_as("/1" + TEXT, "/1" + TEXT),),
        ),
    )
    stopped = request(
        "complete",
        {**long(), "prompt": "Once upon a time"},
        status="cancelled",
        cancel_after=3,
    )
    right = greedy("complete", {"prompt": "The capital of France is", "max_tokens": 1}, equals(TEXT, " Paris"))
    yield case("smollm2-after-3", "A real model, after 3 pieces", SMOLLM2, open_(context_shift=True), stopped, right)
    waiting = request("complete", {"prompt": "hello"}, status="cancelled", cancel_after=0)
    busy = request("complete", long(), status="cancelled", cancel_after=30)
    yield case(
        "tiny-waiting",
        "A request that waits for its turn",
        TINY,
        open_(context_shift=True),
        together(busy, waiting),
        after,
        step("close"),
    )
