"""Characters that are several tokens."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import COMPLETION_TOKENS, REASON, SMOLLM2, TEXT, TINY, Json, case, equals, exact, greedy, open_

DESCRIPTION = (
    "Characters that are several tokens come whole. A grammar forces the text; in the tiny model's vocabulary most "
    "characters that are not ASCII are tokens of one byte each."
)

TEXTS = {
    "two-bytes": "ñçßДλ",
    "three-bytes": "한국어中文ไทย€",
    "four-bytes": "𝄞🚀😀𠜎",
    "joined-emoji": "👩‍🚀👨‍👩‍👧",
    "flags": "🇫🇷🇯🇵",
    "combining": "e\u0301A\u030ao\u0308",
    "right-to-left": "שלום مرحبا",
    "mixed": "aé日🙂b",
}


def cases() -> Iterator[Json]:
    for name, text in TEXTS.items():
        fields = {"prompt": "hello", "grammar": f'root ::= "{text}"', "max_tokens": 100}
        yield case(
            f"tiny-{name}", f"Single bytes: {name}", TINY, open_(), greedy("complete", fields, equals(TEXT, text))
        )
        if name in ("four-bytes", "joined-emoji", "three-bytes"):
            step = greedy("complete", fields, equals(TEXT, text))
            yield case(f"smollm2-{name}", f"Byte-level BPE: {name}", SMOLLM2, open_(), step)
    for count in range(1, 6):
        fields = {"prompt": "hello", "grammar": 'root ::= "𝄞𝄞"', "max_tokens": count}
        step = greedy("complete", fields, *exact(TEXT, REASON), equals(COMPLETION_TOKENS, count))
        yield case(f"tiny-cut-{count}", f"An answer that ends after {count} bytes of a text", TINY, open_(), step)
