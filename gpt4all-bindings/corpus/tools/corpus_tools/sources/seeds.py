"""Chance, and how it is repeated."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import CONTENT, SMOLLM2, TEXT, TINY, Json, case, differs_from, open_, request, same_as, user

DESCRIPTION = (
    "Sampled answers: the same with the same seed, and others with another. Which they are depends on the machine."
)


def sampled(seed: int, *expect: Json, **more: object) -> Json:
    fields = {
        "prompt": "hello",
        "temperature": 1.5,
        "top_k": 0,
        "top_p": 1,
        "min_p": 0,
        "max_tokens": 16,
        "ignore_eos": True,
    }
    return request("complete", {**fields, "seed": seed, "cache_prompt": False, **more}, *expect)


def cases() -> Iterator[Json]:
    for model, name in ((TINY, "tiny"), (SMOLLM2, "smollm2")):
        steps = [
            open_(),
            sampled(7),
            sampled(7, same_as(TEXT, "/1" + TEXT)),
            sampled(8, differs_from(TEXT, "/1" + TEXT)),
        ]
        yield case(f"{name}-same", "The same seed gives the same, another gives another", model, *steps)
    yield case(
        "tiny-opened-again",
        "Also in a model that is opened again",
        TINY,
        open_(),
        sampled(123),
        open_(),
        sampled(123, same_as(TEXT, "/1" + TEXT)),
    )
    yield case(
        "tiny-largest",
        "The largest seed is one like any other, also as that of a second choice",
        TINY,
        open_(n_parallel=2),
        sampled(4294967295),
        sampled(4294967295, same_as(TEXT, "/1" + TEXT)),
        sampled(4294967294, same_as("/result/choices/1/text", "/1" + TEXT), n=2),
    )
    yield case(
        "tiny-random",
        "-1 is another seed each time",
        TINY,
        open_(),
        sampled(-1),
        sampled(-1, differs_from(TEXT, "/1" + TEXT)),
    )
    second = "/result/choices/1/text"
    yield case(
        "tiny-choices",
        "Choices of one request differ from each other",
        TINY,
        open_(n_parallel=2),
        sampled(5, n=2),
        sampled(5, differs_from(second, "/2" + TEXT), n=2),
    )
    chat = {"messages": user("hello"), "temperature": 1.5, "seed": 3, "max_tokens": 12, "cache_prompt": False}
    yield case(
        "tiny-chat",
        "In a chat",
        TINY,
        open_(),
        request("chat", chat),
        request("chat", chat, same_as(CONTENT, "/1" + CONTENT)),
    )
    for name, options in (
        ("mirostat", {"mirostat": 2}),
        ("xtc", {"xtc_probability": 0.5}),
        ("dry", {"dry_multiplier": 0.8}),
    ):
        steps = [open_(), sampled(11, **options), sampled(11, same_as(TEXT, "/1" + TEXT), **options)]
        yield case(f"tiny-{name}", f"With other filters: {name}", TINY, *steps)
