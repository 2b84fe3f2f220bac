"""Answers that follow a grammar."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import CONTENT, REASON, SMOLLM2, TEXT, TINY, Json, case, equals, exact, greedy, open_, user

DESCRIPTION = "Answers that follow a grammar in GBNF. `regex` says the same as the grammar."

GRAMMARS = {
    "choice": ('root ::= "yes" | "no" | "maybe"', "yes|no|maybe"),
    "repetition": ("root ::= [a-c]{4,6}", "[abc]{4,6}"),
    "optional": ('root ::= "-"? [1-9] [0-9]? "."', r"-?[1-9][0-9]?\."),
    "rules": ('root ::= word ("," word){2}\nword ::= ("cat" | "dog") # an animal', "(cat|dog)(,(cat|dog)){2}"),
    "negated": ('root ::= [^a-z \\n]{3} "!"', r"[^a-z \n]{3}!"),
    "unicode": ("root ::= [é日本ü]{5}", "[é日本ü]{5}"),
    "escapes": ('root ::= "\\"" [A-Z]{2} "\\"\\n\\t\\x41"', '"[A-Z]{2}"\n\tA'),
    "recursion": ('root ::= "(" inside ")"\ninside ::= "x" | "(" "x" ")"', r"\((x|\(x\))\)"),
}


def cases() -> Iterator[Json]:
    for name, (grammar, regex) in GRAMMARS.items():
        step = greedy(
            "complete", {"prompt": "hello", "grammar": grammar, "max_tokens": 60}, *exact(TEXT), equals(REASON, "stop")
        )
        yield case(f"tiny-{name}", f"A grammar: {name}", TINY, open_(), step, regex=regex)
    grammar, regex = GRAMMARS["rules"]
    step = greedy("chat", {"messages": user("hello"), "grammar": grammar, "max_tokens": 60}, *exact(CONTENT))
    yield case("tiny-chat", "A grammar for a chat's answer", TINY, open_(), step, regex=regex)
    # of what is allowed, the model likes one much better than all else
    for name, prompt in (("choice", "Answer:"), ("rules", "Feline, feline, feline:"), ("repetition", "Answer:")):
        grammar, regex = GRAMMARS[name]
        step = greedy("complete", {"prompt": prompt, "grammar": grammar, "max_tokens": 60}, *exact(TEXT))
        yield case(f"smollm2-{name}", f"A real model: {name}", SMOLLM2, open_(), step, regex=regex)
