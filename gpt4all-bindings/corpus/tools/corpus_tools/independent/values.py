"""What an independent implementation can say of an outcome, and how an expectation is compared with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


class NotCoveredError(Exception):
    """Nothing independent can tell what the value should be; the words say why."""


class Unknown:
    """Stands where there is a value that cannot be told, and says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Partial(dict[str, Any]):
    """An object of which only some keys are told: nothing follows from the absence of another."""


class OneOf:
    """A value of which several are right."""

    def __init__(self, *values: Any) -> None:
        self.values = values


def at(document: Any, pointer: str) -> Any:
    """What is at a JSON Pointer. KeyError or IndexError where there is nothing; raises NotCoveredError."""
    for part in pointer.split("/")[1:]:
        if isinstance(document, Unknown):
            raise NotCoveredError(document.reason)
        if isinstance(document, list):
            document = document[int(part)]
            continue
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Partial) and key not in document:
            raise NotCoveredError("only this library says it")
        document = document[key]
    if isinstance(document, Unknown):
        raise NotCoveredError(document.reason)
    return document


def agrees(expectation: Json, outcome: Any, outcomes: list[Any]) -> bool:
    """Whether an independent outcome is what the corpus expects. Raises NotCoveredError.

    outcomes: those of all steps, of which expectations may compare two.
    """
    if other := expectation.get("same_as", expectation.get("differs_from")):
        found, compared = at(outcome, expectation["at"]), at(outcomes, other)
        return bool((found == compared) == ("same_as" in expectation))
    if "contains" in expectation and expectation["at"] == "/message":
        raise NotCoveredError("words of this library's messages")
    try:
        found = at(outcome, expectation["at"])
    except (KeyError, IndexError):
        return "absent" in expectation
    if "absent" in expectation:
        return False
    if "contains" in expectation:
        return bool(expectation["contains"] in found)
    if "equals" in expectation:
        expected = expectation["equals"]
        return expected in found.values if isinstance(found, OneOf) else bool(found == expected)
    numbers, expected_numbers = list(flat(found)), list(flat(expectation.get("near", expectation.get("cosine"))))
    if len(numbers) != len(expected_numbers):
        return False
    if "near" in expectation:
        off = max((abs(a - b) for a, b in zip(numbers, expected_numbers, strict=True)), default=0.0)
        return bool(off <= expectation["tolerance"])
    product = sum(a * b for a, b in zip(numbers, expected_numbers, strict=True))
    cosine = product / (math.hypot(*numbers) * math.hypot(*expected_numbers))
    return bool(cosine >= expectation["at_least"])


def flat(value: Any) -> Iterator[float]:
    """The numbers of a number or of arrays of them."""
    if isinstance(value, list):
        for item in value:
            yield from flat(item)
    else:
        yield float(value)
