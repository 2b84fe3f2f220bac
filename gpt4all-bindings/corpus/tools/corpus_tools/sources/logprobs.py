"""Log-probabilities of generated tokens."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import SMOLLM2, TEXT, TINY, Json, absent, case, equals, exact, greedy, near, open_, user

DESCRIPTION = "Log-probabilities of generated tokens, before anything is filtered."

# What the model is sure of: where it is less so, log-probabilities differ more between kernels.
DAYS = "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, Monday, Tuesday, Wednesday, Thursday,"
PLACES = "/result/choices/0/logprobs/content"


def places(tokens: int, top: int, tolerance: float, top_tolerance: float) -> list[Json]:
    """The ids, texts, bytes and log-probabilities of `tokens` tokens and of the `top` best at each place."""
    found: list[Json] = []
    for place in range(tokens):
        here = f"{PLACES}/{place}"
        found += [*exact(f"{here}/id", f"{here}/token", f"{here}/bytes"), near(f"{here}/logprob", tolerance)]
        for rank in range(top):
            found.append(near(f"{here}/top_logprobs/{rank}/logprob", top_tolerance))
    return [*found, absent(f"{PLACES}/{tokens}")]


def cases() -> Iterator[Json]:
    for name, prompt, tokens, top in (
        ("hello", "hello world", 5, 3),
        ("cat", "the cat and the dog", 4, 1),
        ("question", "Question: what is water?\nAnswer:", 3, 5),
    ):
        fields = {"prompt": prompt, "max_tokens": tokens, "logprobs": top}
        step = greedy("complete", fields, *exact(TEXT), *places(tokens, top, 0.01, 0.01))
        yield case(f"tiny-{name}", f"F32, with the {top} best: {name}", TINY, open_(), step)
    fields = {"messages": user("hello"), "max_tokens": 4, "logprobs": True, "top_logprobs": 2}
    yield case("tiny-chat", "In a chat", TINY, open_(), greedy("chat", fields, *places(4, 2, 0.01, 0.01)))
    fields = {"messages": user("hello"), "max_tokens": 3, "logprobs": True}
    step = greedy("chat", fields, *places(3, 0, 0.01, 0.01))
    yield case("tiny-chosen", "Only those of the tokens that were chosen", TINY, open_(), step)
    step = greedy("complete", {"prompt": "hello", "max_tokens": 3}, *exact(TEXT), absent("/result/choices/0/logprobs"))
    yield case("tiny-none", "None where none are asked for", TINY, open_(), step)
    fields = {"prompt": "hello", "max_tokens": 4, "grammar": 'root ::= "𝄞"', "logprobs": 0}
    step = greedy("complete", fields, *(item for place in range(4) for item in exact(f"{PLACES}/{place}/bytes")))
    yield case("tiny-bytes", "Tokens of one byte have that byte, though no text of their own", TINY, open_(), step)
    for name, prompt in (("capital", "The capital of France is"), ("days", DAYS)):
        fields = {"prompt": prompt, "max_tokens": 3, "logprobs": 2}
        step = greedy("complete", fields, *exact(TEXT), *places(3, 1, 0.3, 0.3))
        yield case(f"smollm2-{name}", f"Q4_1: {name}", SMOLLM2, open_(), step)
    fields = {"prompt": "hello", "max_tokens": 2, "post_sampling_probs": True, "n_probs": 1}
    probs = [equals(f"{PLACES}/{place}/prob", 1) for place in range(2)]
    yield case(
        "tiny-after", "After filtering, the greedy token is certain", TINY, open_(), greedy("complete", fields, *probs)
    )
