"""Log-likelihoods of continuations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._steps import SMOLLM2, TINY, Json, case, equals, exact, near, open_, request

DESCRIPTION = "Log-likelihoods of given continuations after a context."


# Half precision, to which flash attention rounds too, costs these models' log-likelihoods up to a tenth.
PRECISE: Json = {"cache_type_k": "f32", "cache_type_v": "f32", "flash_attn": "off"}


def scored(index: int, tolerance: float, result: str = "/result") -> list[Json]:
    here = f"{result}/continuations/{index}"
    each = [near(f"{here}/logprob", tolerance), near(f"{here}/token_logprobs", tolerance)]
    return [*exact(f"{here}/tokens", f"{here}/greedy"), *each]


def cases() -> Iterator[Json]:
    tiny: dict[str, tuple[Any, list[Any]]] = {
        "texts": ("hello world", [" hello", " the cat", " water is water"]),
        "no-context": ("", ["hello world", "the dog"]),
        "one": ("Question: what is water?\nAnswer:", [" oil"]),
        "ids": ([1, 572, 574], [[300, 301], [400], [357, 539, 554]]),
        "unicode": ("日本", [" é", "🙂 ü", " 𝄞"]),
        "shared-start": ("the", [" cat and dog", " cat and the", " cat"]),
    }
    for name, (context, continuations) in tiny.items():
        expect = [item for index in range(len(continuations)) for item in scored(index, 0.002)]
        step = request("score", {"context": context, "continuations": continuations}, *expect)
        yield case(f"tiny-{name}", f"F32: {name}", TINY, open_(**PRECISE), step)
    yield from batches()
    fields: Json = {"context": "hello", "continuations": [" world", " cat"], "logprob_rows": "continuation"}
    rows = exact("/result/rows/0/continuation", "/result/rows/0/position", "/result/n_vocab")
    step = request("score", fields, *rows, near("/floats/0", 0.005))
    yield case("tiny-rows", "Whole rows of log-probabilities", TINY, open_(**PRECISE), step)
    fields = {"context": "hello", "continuations": [" world"], "add_special": False}
    step = request("score", fields, *exact("/result/context_tokens"), *scored(0, 0.002))
    yield case("tiny-no-special", "Without the special token at the beginning", TINY, open_(**PRECISE), step)
    for name, context, continuations in (
        ("paris", "The capital of France is", [" Paris", " London"]),
        ("sum", "1, 2, 3, 4, 5,", [" 6", " 7"]),
        ("week", "Sunday, Monday, Tuesday,", [" Wednesday", " Friday"]),
    ):
        expect = [item for index in range(2) for item in exact(f"/result/continuations/{index}/tokens")]
        expect += [near("/result/continuations/0/logprob", 0.15), equals("/result/continuations/0/greedy", True)]
        expect += [near("/result/continuations/1/logprob", 0.5), equals("/result/continuations/1/greedy", False)]
        step = request("score", {"context": context, "continuations": continuations}, *expect)
        yield case(f"smollm2-{name}", f"Q4_1: {name}", SMOLLM2, open_(), step)


def batches() -> Iterator[Json]:
    """Several contexts in one request."""
    inputs: list[Json] = [
        {"context": "hello world", "continuations": [" hello", " the cat"]},
        {"context": [1, 572, 574], "continuations": [[300, 301], [400]]},
        {"context": "", "continuations": ["the dog"]},
        {"context": "hello world", "continuations": [" water"]},
    ]
    expect = []
    for index, given in enumerate(inputs):
        result = f"/result/results/{index}"
        expect += exact(f"{result}/context_tokens")
        for each in range(len(given["continuations"])):
            expect += scored(each, 0.002, result)
    step = request("score_batch", {"inputs": inputs}, *expect)
    yield case("tiny-batch", "Several contexts in one request", TINY, open_(**PRECISE), step)
    long = {"context": [1, *range(300, 560), *range(300, 560)], "continuations": [[400, 401], [402]]}
    expect = [equals("/result/results/0/continuations/0/n_truncated", 10), *scored(0, 0.005, "/result/results/0")]
    expect += [equals("/result/results/0/continuations/1/n_truncated", 9), *scored(1, 0.005, "/result/results/0")]
    step = request("score_batch", {"inputs": [long], "truncate": True}, *expect)
    yield case("tiny-truncate", "A context that is cut to fit", TINY, open_(**PRECISE), step)
    refused = request("score_batch", {"inputs": [long]}, equals("/detail/input", 0), status="context_overflow")
    yield case("tiny-batch-too-long", "A context that is too long", TINY, open_(**PRECISE), refused)
