#!/usr/bin/env python3
"""Times llguidance's grammars of JSON Schemas, in a Python that has it.

Reads {"vocab", "eos", "tokens", "schemas", "repeats"} and prints {name: {"compile": [...], "mask": [...]} or
{"error"}}.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import llguidance


class Vocabulary:
    """The model's tokens, as llguidance asks for them."""

    def __init__(self, tokens: list[bytes], eos: int) -> None:
        self.tokens, self.eos_token_id, self.bos_token_id = tokens, eos, None
        self.special_token_ids = [number for number, token in enumerate(tokens) if not token]
        self.single = {token: number for number, token in enumerate(tokens) if len(token) == 1}

    def __call__(self, text: bytes | str) -> list[int]:
        """A way to write a text, byte by byte: it is needed for forced texts only, which are not asked for."""
        data = text.encode() if isinstance(text, str) else text
        return [self.single[bytes([byte])] for byte in data if bytes([byte]) in self.single]


def measure(tokenizer: Any, schema: Any, tokens: list[int], repeats: int) -> dict[str, Any]:
    """The times of one schema."""
    found: dict[str, Any] = {"compile": [], "mask": []}
    for _ in range(repeats):
        begin = time.perf_counter()
        matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema)))
        if matcher.is_error():
            return {"error": matcher.get_error()}
        found["compile"].append(time.perf_counter() - begin)
        for token in tokens:
            begin = time.perf_counter()
            matcher.compute_bitmask()
            found["mask"].append(time.perf_counter() - begin)
            if not matcher.consume_token(token):
                return {"error": "it does not admit the text"}
    return found


def main() -> None:
    """Reads the standard input."""
    asked = json.load(sys.stdin)
    vocabulary = Vocabulary([bytes.fromhex(token) for token in asked["vocab"]], asked["eos"])
    tokenizer = llguidance.LLTokenizer(llguidance.TokenizerWrapper(vocabulary))
    print(
        json.dumps(
            {
                case["name"]: measure(tokenizer, case["schema"], asked["tokens"][case["name"]], asked["repeats"])
                for case in asked["schemas"]
            }
        )
    )


if __name__ == "__main__":
    main()
