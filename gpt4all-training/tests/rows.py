"""Rows made up for the tests: conversations of common words, of which a known part is to be dropped, and why."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

_WORDS = (
    "the of and to in is that for it was on are with as his they at be this have from or had by not but what all were "
    "when we there can an your which their said if do will each about how up out them then she many some so these "
    "would other into has more her two like him see time could no make than first been its who now people my made "
    "over did down only way find use may water long little very after words called just where most know river stone "
    "garden winter letter market teacher engine harbour village kitchen window music paper bridge forest island summer"
).split()
# As many rows of each kind in a thousand; the rest are each of their own.
_SHARES = {
    "exact duplicate": 120,
    "near duplicate": 120,
    "refusal": 20,
    "self-reference": 20,
    "empty": 15,
    "one character": 15,
    "malformed": 10,
    "language": 20,
}
_KEPT_IN_MIND = 2000  # rows of which others are made
_FRENCH = "Le petit village se trouve au bord de la rivière, et les enfants y jouent pendant les longues soirées d'été"
Row = dict[str, str | None]


def make_rows(count: int, seed: int = 1, words: int = 90) -> Iterator[tuple[Row, str]]:
    """Rows, each with the reason for which it is to be dropped; none for most."""
    source = random.Random(seed)
    kinds, weights = ["", *_SHARES], [1000 - sum(_SHARES.values()), *_SHARES.values()]
    earlier: list[Row] = []
    for number in range(count):
        kind = source.choices(kinds, weights)[0] if len(earlier) > 100 else ""
        row = _row(kind, number, source, earlier, words)
        if not kind:
            if len(earlier) < _KEPT_IN_MIND:
                earlier.append(row)
            else:
                earlier[source.randrange(_KEPT_IN_MIND)] = row
        yield row, kind


def expected(count: int, seed: int = 1, words: int = 90) -> Counter[str]:
    """How many rows of each kind there are."""
    return Counter(kind for _, kind in make_rows(count, seed, words))


def _row(kind: str, number: int, source: random.Random, earlier: list[Row], words: int) -> Row:
    prompt = _sentence(source, 12)
    if kind == "exact duplicate":
        row = source.choice(earlier)
        return {"prompt": f"  {row['prompt']}".upper(), "response": row["response"]}
    if kind == "near duplicate":
        row = source.choice(earlier)
        return {"prompt": row["prompt"], "response": f"{row['response']} indeed {number}"}
    responses: dict[str, str | None] = {
        "": _sentence(source, source.randrange(words // 2, words * 3 // 2)),
        "refusal": f"I'm sorry, but I cannot help with {_sentence(source, 5)}.",
        "self-reference": f"As an AI language model, I think that {_sentence(source, 20)}.",
        "empty": " \n",
        "one character": "7",
        "malformed": None,
        "language": f"{_FRENCH}, {number} fois.",
    }
    return {"prompt": _FRENCH if kind == "language" else prompt, "response": responses[kind]}


def _sentence(source: random.Random, words: int) -> str:
    return " ".join(source.choices(_WORDS, k=words))
