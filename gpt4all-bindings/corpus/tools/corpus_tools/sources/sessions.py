"""Conversations that go on, and their state in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._steps import CACHED, CONTENT, PROMPT_TOKENS, SMOLLM2, TINY, Json, case, exact, greedy, open_, same_as, step, user

DESCRIPTION = "Conversations that go on, forked ones, several on one model, and state that is saved and restored."


def say(session: str, content: str, *expect: Json, tokens: int = 8, **more: Any) -> Json:
    request = {"temperature": 0, "max_tokens": tokens}
    return step("say", *expect, session=session, content=content, request=request, **more)


def cases() -> Iterator[Json]:
    seen = exact(CONTENT, PROMPT_TOKENS, CACHED)
    texts = {TINY: ("hello", "water", "oil"), SMOLLM2: ("What is 2+2?", "And 3+3?", "Thank you.")}
    for model, name in ((TINY, "tiny"), (SMOLLM2, "smollm2")):
        first, second, third = texts[model]
        turns = [say("a", text, *seen) for text in (first, second, third)]
        yield case(
            f"{name}-turns", "Three turns; what was computed before is not computed again", model, open_(), *turns
        )
        ask = greedy("complete", {"prompt": first * 20, "max_tokens": 6}, *exact("/result/choices/0/text", CACHED))
        path, slot = "${scratch}/state.bin", {"id_slot": 0}
        yield case(
            f"{name}-state",
            "A slot's state is saved, and goes on in a model opened again",
            model,
            open_(),
            ask,
            step("save_state", *exact("/result/n_tokens"), path=path, request=slot),
            step("close"),
            open_(),
            step("restore_state", same_as("/result/n_tokens", "/2/result/n_tokens"), path=path, request=slot),
            greedy(
                "complete",
                {"prompt": first * 20, "max_tokens": 6},
                *exact(CACHED),
                same_as("/result/choices/0/text", "/1/result/choices/0/text"),
            ),
        )
    yield case(
        "tiny-system",
        "A session with a system message",
        TINY,
        open_(),
        say("a", "hello", *seen, system="the cat"),
        say("a", "and the dog", *seen),
    )
    yield case(
        "tiny-two",
        "Two sessions on one model do not mix",
        TINY,
        open_(n_parallel=2),
        say("a", "the cat", *exact(CONTENT, PROMPT_TOKENS)),
        say("b", "the dog", *exact(CONTENT, PROMPT_TOKENS)),
        say("a", "hello", *exact(CONTENT, PROMPT_TOKENS)),
        say("b", "hello", *exact(CONTENT, PROMPT_TOKENS)),
    )
    yield case(
        "tiny-fork",
        "A forked session goes its own way, from the same past",
        TINY,
        open_(),
        say("a", "hello", *exact(CONTENT)),
        step("fork", session="a", to="b"),
        say("b", "water", *exact(CONTENT, PROMPT_TOKENS)),
        say("a", "water", same_as(CONTENT, "/3" + CONTENT), same_as(PROMPT_TOKENS, "/3" + PROMPT_TOKENS)),
        say("b", "oil", *exact(CONTENT, PROMPT_TOKENS)),
    )
    yield case(
        "tiny-same-as-messages",
        "A session is no other than the list of its messages",
        TINY,
        open_(),
        say("a", "hello", *exact(CONTENT), tokens=2),
        say("a", "world", *exact(CONTENT), tokens=4),
        greedy(
            "chat",
            {"messages": user("hello", HEARD, "world"), "max_tokens": 4},
            same_as(CONTENT, "/2" + CONTENT),
            same_as(PROMPT_TOKENS, "/2" + PROMPT_TOKENS),
        ),
    )


HEARD = " di mak"  # what the session is answered first
