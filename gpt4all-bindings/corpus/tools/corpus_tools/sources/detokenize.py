"""Texts of tokens."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import SMOLLM2, TINY, Json, case, exact, open_, request

DESCRIPTION = "The texts of tokens."


def cases() -> Iterator[Json]:
    content = exact("/result/content")
    tiny = {
        "words": ("Words, with the space before them", [572, 574, 261, 300]),
        "empty": ("No tokens", []),
        "bytes": ("A code point in four tokens of one byte", [243, 160, 135, 161]),
        "broken-bytes": ("Bytes that are no code point: replaced, so that the text is UTF-8", [243, 160, 572, 161]),
        "characters": ("Characters of several bytes that are tokens", [356, 357, 358, 359, 360]),
    }
    for name, (title, tokens) in tiny.items():
        yield case(f"tiny-{name}", title, TINY, open_(), request("detokenize", {"tokens": tokens}, *content))
    for model, name, tokens in (
        (TINY, "tiny", [1, 259, 572, 260, 2]),
        (SMOLLM2, "smollm2", [1, 4093, 198, 19556, 2]),
        ("tiny-bert", "bert", [2, 100, 200, 3]),
    ):
        yield case(
            f"{name}-special",
            "Special tokens are written by their names, or left out",
            model,
            open_(),
            request("detokenize", {"tokens": tokens}, *content),
            request("detokenize", {"tokens": tokens, "special": False}, *content),
        )
    for name, text in (
        ("words", "The capital of France is Paris."),
        ("emoji", "🙂🚀👩‍🚀🇫🇷"),
        ("cjk", "日本語"),
        ("code", "if x:\n\treturn  1"),
    ):
        yield case(
            f"smollm2-round-{name}",
            f"Tokens of a text, whose text is that text: {name}",
            SMOLLM2,
            open_(),
            request("tokenize", {"content": text}, *exact("/result/tokens")),
            request("detokenize", {"tokens": SMOLLM2_TOKENS[name]}, {"at": "/result/content", "equals": text}),
        )


SMOLLM2_TOKENS = {
    "words": [504, 3575, 282, 4649, 314, 7042, 30],
    "emoji": [
        10813,
        38887,
        10813,
        244,
        218,
        10813,
        235,
        119,
        321,
        231,
        10813,
        244,
        218,
        10813,
        225,
        121,
        10813,
        225,
        132,
    ],
    "cjk": [23274, 115, 40993, 179, 120, 248],
    "code": [342, 1792, 42, 198, 197, 5406, 256, 33],
}
