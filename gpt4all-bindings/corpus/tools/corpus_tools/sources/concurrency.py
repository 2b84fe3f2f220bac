"""Requests at once."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import (
    CONTENT,
    SMOLLM2,
    TEXT,
    TINY,
    Json,
    case,
    equals,
    exact,
    greedy,
    near,
    open_,
    request,
    same_as,
    together,
    user,
)

DESCRIPTION = "Requests that run at once give what each of them gives alone."

PROMPTS = ["hello world", "the cat and the dog", "Question: what is water?\nAnswer:", "日本 é ü 🙂"]


def cases() -> Iterator[Json]:
    for count, parallel in ((4, 4), (8, 4), (16, 4), (32, 8)):
        asked = [greedy("complete", {"prompt": PROMPTS[index % 4], "max_tokens": 10}) for index in range(count)]
        alone = [greedy("complete", {"prompt": prompt, "max_tokens": 10}, *exact(TEXT)) for prompt in PROMPTS]
        same = tuple(same_as(f"/{index}{TEXT}", f"/{1 + index % 4}{TEXT}") for index in range(count))
        title = f"{count} requests on a model that runs {parallel} at a time"
        yield case(
            f"tiny-{count}", title, TINY, open_(n_ctx=2048, n_parallel=parallel), *alone, together(*asked, expect=same)
        )
    mixed = [
        greedy("chat", {"messages": user("hello"), "max_tokens": 8}),
        request("tokenize", {"content": "hello world"}),
        request("score", {"context": "hello", "continuations": [" world"]}),
        request("embed", {"input": "the cat"}),
        greedy("complete", {"prompt": "hello world", "max_tokens": 8}),
    ]
    expect = (
        *exact(f"/0{CONTENT}", "/1/result/tokens", f"/4{TEXT}"),
        near("/2/result/continuations/0/logprob", 0.002),
        near("/3/floats/0", 0.001),
    )
    yield case(
        "tiny-mixed",
        "Operations of several kinds",
        TINY,
        open_(n_ctx=2048, n_parallel=4),
        together(*mixed, expect=expect),
    )
    wrong = request("complete", {"prompt": "hello " * 3000}, status="context_overflow")
    right = greedy("complete", {"prompt": "hello world", "max_tokens": 8})
    yield case(
        "tiny-one-fails",
        "A request that fails does not touch its neighbours",
        TINY,
        open_(n_ctx=2048, n_parallel=4),
        together(right, wrong, right, expect=tuple(exact(f"/0{TEXT}", f"/2{TEXT}"))),
    )
    long = [
        greedy("complete", {"prompt": f"the house number {index} is", "max_tokens": 200, "ignore_eos": True, **more})
        for index, more in enumerate(({}, {}, {"n": 3}, {}, {"max_tokens": -1}, {}))
    ]
    ends = [
        check
        for index in range(6)
        for check in (
            equals(f"/{index}/result/choices/0/finish_reason", "length"),
            *exact(f"/{index}/result/usage/completion_tokens"),
        )
    ]
    yield case(
        "tiny-room-for-two",
        "Requests that fill the context one by one end as they do alone",
        TINY,
        open_(n_ctx=512, n_parallel=4),
        together(*long, expect=(*ends, *(equals(f"/2/result/choices/{n}/finish_reason", "length") for n in (1, 2)))),
    )
    prompts = ["1, 2, 3, 4, 5, 6,", "1, 2, 3, 4, 5,"]
    alone = [greedy("complete", {"prompt": prompt, "max_tokens": 6}, *exact(TEXT)) for prompt in prompts]
    same = tuple(same_as(f"/{index}{TEXT}", f"/{1 + index % 2}{TEXT}") for index in range(4))
    at_once = together(
        *(greedy("complete", {"prompt": prompts[index % 2], "max_tokens": 6}) for index in range(4)), expect=same
    )
    yield case("smollm2-4", "4 requests to a real model", SMOLLM2, open_(n_ctx=1024, n_parallel=4), *alone, at_once)
