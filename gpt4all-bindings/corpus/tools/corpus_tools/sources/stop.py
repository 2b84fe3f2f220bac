"""Texts that end an answer, wherever tokens are cut."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import REASON, SMOLLM2, TEXT, TINY, Json, case, equals, exact, greedy, open_

DESCRIPTION = (
    "Stop texts. A grammar forces the model to say one text, in which a character is four tokens of one byte, so that "
    "stop texts begin and end within tokens and between them; what a stop text may begin with is held back."
)

SAID = "one 𝄞 two é🙂x END of it"
WORD = "/result/choices/0/stopping_word"


def forced(text: str, stop: str | list[str], *expect: Json) -> Json:
    fields = {"prompt": "hello", "grammar": f'root ::= "{text}"', "max_tokens": 100, "stop": stop}
    return greedy("complete", fields, *expect)


def cases() -> Iterator[Json]:
    for start in range(len(SAID) - 3):
        stop = SAID[start : start + 4]
        ends = (equals(TEXT, SAID[: SAID.index(stop)]), equals(REASON, "stop"), equals(WORD, stop))
        yield case(f"tiny-at-{start:02}", f"It begins at character {start}", TINY, open_(), forced(SAID, stop, *ends))
    for name, stop in (("short", "𝄞"), ("one", "N"), ("whole", SAID)):
        end = (equals(TEXT, SAID[: SAID.index(stop)]), equals(WORD, stop))
        yield case(f"tiny-{name}", f"A stop text of {len(stop)} characters", TINY, open_(), forced(SAID, stop, *end))
    yield case(
        "tiny-first",
        "Of several, the one that comes first counts",
        TINY,
        open_(),
        forced(SAID, ["END", "two", "never"], equals(TEXT, "one 𝄞 "), equals(WORD, "two")),
    )
    yield case(
        "tiny-almost",
        "What only begins like a stop text is given out in the end",
        TINY,
        open_(),
        forced(SAID, [" ENDE", "𝄞 twx", "of itt"], equals(TEXT, SAID), equals(REASON, "stop")),
    )
    for name, stop in (("newline", "\n"), ("word", "Paris"), ("list", "8")):
        prompts = {"newline": "The capital of France is", "word": "The capital of France is", "list": "1, 2, 3, 4, 5,"}
        step = greedy("complete", {"prompt": prompts[name], "stop": stop, "max_tokens": 12}, *exact(TEXT, REASON, WORD))
        yield case(f"smollm2-{name}", f"A real model stops at {stop!r}", SMOLLM2, open_(), step)
