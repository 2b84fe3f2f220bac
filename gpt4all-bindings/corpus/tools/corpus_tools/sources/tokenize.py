"""Tokens of texts."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import SMOLLM2, TINY, Json, case, equals, exact, open_, request

DESCRIPTION = "The tokens of texts, which the same texts come from again, and how many there are."

TEXTS = {
    "ascii": "The quick brown fox jumps over the lazy dog.",
    "empty": "",
    "spaces": "  two  spaces,\tone tab and a trailing one ",
    "lines": "one\ntwo\r\nthree\n\n\nfour",
    "digits": "1234567890 3.14 2026-11-21 0x7F",
    "accents": "Ünïcödé, façade, Straße, ñandú, Čeština",
    "combining": "é versus e\u0301, A\u030a",
    "cjk": "日本語の文章と中文和한국어",
    "emoji": "🙂🚀👩‍🚀🇫🇷 ok",
    "rtl": "שלום עולם مرحبا",
    "code": "def f(x):\n    return {'a': x**2}  # a comment",
    "punctuation": "\"Don't!\" -- it's 50% of €3… (I'd say) [x]",
}


def cases() -> Iterator[Json]:
    for name, text in TEXTS.items():
        steps = [
            request("tokenize", {"content": text}, *exact("/result/tokens")),
            request("count_tokens", {"prompt": text, "add_special": False}, *exact("/result/input_tokens")),
        ]
        yield case(f"tiny-{name}", f"A SentencePiece vocabulary with byte fallback: {name}", TINY, open_(), *steps)
        yield case(f"smollm2-{name}", f"A byte-level BPE vocabulary: {name}", SMOLLM2, open_(), *steps)
        if name in ("ascii", "empty", "accents", "digits", "punctuation", "cjk"):
            yield case(f"bert-{name}", f"A WordPiece vocabulary: {name}", "tiny-bert", open_(), steps[0])
    marked = "<s>hello<|im_end|> world<|im_start|>user"
    for model, name in ((TINY, "tiny"), (SMOLLM2, "smollm2")):
        yield case(
            f"{name}-special",
            "Names of special tokens are read as those tokens unless that is switched off",
            model,
            open_(),
            request("tokenize", {"content": marked}, *exact("/result/tokens")),
            request("tokenize", {"content": marked, "parse_special": False}, *exact("/result/tokens")),
            request("tokenize", {"content": "hello", "add_special": True}, *exact("/result/tokens")),
        )
    yield case(
        "bert-special",
        "An encoder's inputs begin and end with special tokens",
        "tiny-bert",
        open_(),
        request("tokenize", {"content": "hello world", "add_special": True}, *exact("/result/tokens")),
    )
    yield case(
        "tiny-ids",
        "Token ids and texts may be mixed",
        TINY,
        open_(),
        request("tokenize", {"content": [1, "hello", 300, " world"]}, *exact("/result/tokens")),
        request("tokenize", {"content": [5, 4, 3]}, equals("/result/tokens", [5, 4, 3])),
    )
    yield case(
        "tiny-long",
        "A long text, of more tokens than the context has",
        TINY,
        open_(),
        request("count_tokens", {"prompt": "hello world " * 500}, *exact("/result/input_tokens")),
    )
