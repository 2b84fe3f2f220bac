"""Why a row is dropped, in the order in which the reasons are looked for: the first that applies is the one counted."""

from __future__ import annotations

from collections.abc import Mapping

UNREADABLE = "unreadable"
MALFORMED = "malformed"
EMPTY = "empty"
ONE_CHARACTER = "one character"
DAMAGED = "damaged"
REFUSAL = "refusal"
SELF_REFERENCE = "self-reference"
TOO_SHORT = "too short"
TOO_LONG = "too long"
LANGUAGE = "language"
CONTAMINATED = "contaminated"
EXACT_DUPLICATE = "exact duplicate"
NEAR_DUPLICATE = "near duplicate"

_BEFORE_PATTERNS: Mapping[str, tuple[str, str]] = {
    UNREADABLE: ("reading", "no JSON, not UTF-8, or too large"),
    MALFORMED: ("cleaning", "no prompt or no response, something else than text, or roles that do not alternate"),
    EMPTY: ("cleaning", "a message without text"),
    ONE_CHARACTER: ("cleaning", "an answer of one character"),
    DAMAGED: ("cleaning", "characters that were lost in a conversion, or control characters"),
    REFUSAL: ("cleaning", "an answer that refuses"),
    SELF_REFERENCE: ("cleaning", "an answer that speaks of the model that wrote it"),
}
_BEHIND_PATTERNS: Mapping[str, tuple[str, str]] = {
    TOO_SHORT: ("length", "an answer shorter than is asked for"),
    TOO_LONG: ("length", "a conversation longer than is asked for"),
    LANGUAGE: ("language", "another language than is asked for"),
    CONTAMINATED: ("contamination", "text of a task by which models are measured"),
    EXACT_DUPLICATE: ("duplicates", "the same as an earlier row"),
    NEAR_DUPLICATE: ("duplicates", "nearly the same as an earlier row"),
}


def of_pattern(name: str) -> str:
    """The reason for a pattern of the configuration."""
    return f"pattern {name}"


def described(patterns: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Every reason with its step and what it means; the configuration's patterns are among them."""
    own = {of_pattern(name): ("cleaning", f"an answer in which {text} is found") for name, text in patterns.items()}
    return {**_BEFORE_PATTERNS, **own, **_BEHIND_PATTERNS}
