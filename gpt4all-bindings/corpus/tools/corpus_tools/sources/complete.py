"""Greedy continuations of texts."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import (
    COMPLETION_TOKENS,
    PROMPT_TOKENS,
    REASON,
    SMOLLM2,
    TEXT,
    TINY,
    Json,
    case,
    equals,
    exact,
    greedy,
    open_,
)

DESCRIPTION = "Greedy continuations of texts, why they end, and how many tokens they have."

SEEN = (TEXT, REASON, PROMPT_TOKENS, COMPLETION_TOKENS)
TINY_PROMPTS = {
    "hello": "hello world",
    "paris": "the cat and the dog",
    "empty": "",
    "unicode": "日本 é ü 🙂",
    "question": "Question: what is water?\nAnswer:",
    "long": "one two three four five six seven eight nine ten " * 12,
}
QUANTIZED_PROMPTS = {
    "q8_0": {"went": "went over", "build": "build hand right"},
    "q4_0": {"see": "what do you see", "people": "her time and our people"},
}
# With as many tokens as are sure.
SMOLLM2_PROMPTS = {
    "capital": ("The capital of France is", 5),
    "count": ("1, 2, 3, 4, 5,", 8),
    "alphabet": ("A B C D E F G H", 5),
    "days": ("Sunday, Monday, Tuesday, Wednesday, Thursday,", 5),
    "code": ("def add(a, b):\n    return", 4),
    "letters": ("a, b, c, d, e, f,", 10),
    "tens": ("10, 20, 30, 40, 50,", 10),
}


def cases() -> Iterator[Json]:
    for name, prompt in TINY_PROMPTS.items():
        step = greedy(
            "complete",
            {"prompt": prompt, "max_tokens": 12, "return_tokens": True},
            *exact(*SEEN, "/result/choices/0/tokens"),
        )
        yield case(f"tiny-{name}", f"F32: {name}", TINY, open_(), step)
    for kind, prompts in QUANTIZED_PROMPTS.items():
        for name, prompt in prompts.items():
            tokens = 5 if name == "people" else 8
            step = greedy("complete", {"prompt": prompt, "max_tokens": tokens}, *exact(*SEEN))
            yield case(f"tiny-{kind}-{name}", f"{kind.upper()}: {name}", f"tiny-llama-{kind}", open_(), step)
    for name, (prompt, tokens) in SMOLLM2_PROMPTS.items():
        step = greedy(
            "complete",
            {"prompt": prompt, "max_tokens": tokens, "return_tokens": True},
            *exact(*SEEN, "/result/choices/0/tokens"),
        )
        yield case(f"smollm2-{name}", f"Q4_1: {name}", SMOLLM2, open_(), step)
    yield from options()


def options() -> Iterator[Json]:
    prompt = TINY_PROMPTS["hello"]

    def one(name: str, title: str, fields: Json, *more: Json) -> Json:
        step = greedy("complete", {"prompt": prompt, "max_tokens": 10, **fields}, *exact(*SEEN), *more)
        return case(f"tiny-{name}", title, TINY, open_(), step)

    yield one("ids", "A prompt of token ids", {"prompt": [1, 572, 574]})
    yield one("mixed", "A prompt of token ids and texts", {"prompt": [1, 572, " and the", 300]})
    yield one("zero", "No tokens at all: the prompt is only processed", {"max_tokens": 0}, equals(TEXT, ""))
    yield one("one", "One token", {"max_tokens": 1}, equals(COMPLETION_TOKENS, 1))
    yield one("no-eos", "Tokens that end the answer are never chosen", {"ignore_eos": True, "max_tokens": 40})
    yield one("bias", "A token that is made impossible", {"logit_bias": [[357, -100]]})
    yield one("repetition", "Tokens that occurred are divided", {"repeat_penalty": 1.5, "repeat_last_n": 64})
    yield one("presence", "Tokens that occurred are less likely", {"presence_penalty": 2.0, "frequency_penalty": 2.0})
    step = greedy("complete", {"prompt": prompt, "n_predict": 3}, *exact(*SEEN))
    yield case("tiny-other-name", "n_predict is another name of max_tokens", TINY, open_(), step)
    twice = greedy("complete", {"prompt": prompt, "max_tokens": 6, "n": 2}, *exact(TEXT, "/result/choices/1/text"))
    yield case("tiny-choices", "Two choices, the same as there is no chance in it", TINY, open_(n_parallel=2), twice)
    again = greedy("complete", {"prompt": prompt, "max_tokens": 6, "stream": True}, *exact(TEXT))
    yield case("tiny-again", "The same request again, with its prompt remembered", TINY, open_(), again, again)
