"""Greedy answers."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import (
    COMPLETION_TOKENS,
    CONTENT,
    PROMPT_TOKENS,
    REASON,
    SMOLLM2,
    TINY,
    Json,
    absent,
    case,
    exact,
    greedy,
    open_,
    same_as,
    user,
)

DESCRIPTION = "Greedy answers in conversations."

SEEN = (CONTENT, REASON, PROMPT_TOKENS, COMPLETION_TOKENS)
TINY_CONVERSATIONS = {
    "one": user("hello"),
    "system": user("hello", system="the cat"),
    "turns": user("one", "two", "three", "four", "five"),
    "unicode": user("é 日本 🙂"),
    "answered": user("what is the time", "no", "could you look"),
}
SMOLLM2_CONVERSATIONS = {
    "repeat": user("Repeat after me: one two three."),
    "system": user("What is the capital of Italy?", system="You answer with one word."),
    "turns": user("What is 1+1?", "1+1 is 2.", "Say that again."),
    "count": user("Count from 1 to 5."),
}


def cases() -> Iterator[Json]:
    for name, messages in TINY_CONVERSATIONS.items():
        step = greedy(
            "chat",
            {"messages": messages, "max_tokens": 12},
            *exact(*SEEN),
            absent("/result/choices/0/message/tool_calls"),
        )
        yield case(f"tiny-{name}", f"ChatML: {name}", TINY, open_(), step)
    for name, messages in SMOLLM2_CONVERSATIONS.items():
        step = greedy("chat", {"messages": messages, "max_tokens": 10}, *exact(*SEEN))
        yield case(f"smollm2-{name}", f"A real model: {name}", SMOLLM2, open_(), step)
    parts = [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    fields = {"max_tokens": 8}
    yield case(
        "tiny-parts",
        "A message in parts of text is the same as its text",
        TINY,
        open_(),
        greedy("chat", {"messages": user("hello"), **fields}, *exact(CONTENT)),
        greedy("chat", {"messages": parts, **fields}, same_as(CONTENT, "/1" + CONTENT)),
    )
    dumped: Json = {
        "role": "assistant",
        "content": "the cat",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
    }
    yield case(
        "tiny-dumped",
        "What is null counts as not given, also in messages that OpenAI's clients dump",
        TINY,
        open_(),
        greedy("chat", {"messages": [*user("hello", "the cat"), *user("mat")], **fields}, *exact(CONTENT)),
        greedy(
            "chat",
            {"messages": [*user("hello"), dumped, *user("mat")], "stop": None, "tools": None, "seed": None, **fields},
            same_as(CONTENT, "/1" + CONTENT),
        ),
    )
    yield case(
        "tiny-continue",
        "The assistant's last message is gone on with",
        TINY,
        open_(),
        greedy(
            "chat", {"messages": user("hello", "the cat"), "continue_final_message": True, **fields}, *exact(CONTENT)
        ),
    )
    other = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
    yield case(
        "tiny-template",
        "A template given when opening",
        TINY,
        open_(chat_template=other),
        greedy("chat", {"messages": user("the dog"), **fields}, *exact(CONTENT, PROMPT_TOKENS)),
    )
