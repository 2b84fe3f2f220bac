"""What the README.md says of expectations: whether a step's outcome is as its case says."""

from __future__ import annotations

import json
import math
from typing import Any

from .places import Json

Outcome = Any  # JSON: an object, or for "together" an array of them


def at(document: Any, pointer: str) -> Any:
    """What a JSON Pointer leads to; KeyError, IndexError or TypeError if there is nothing."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def check_status(step: Json, outcome: Outcome) -> None:
    calls = step.get("requests")
    pairs = zip(calls, outcome, strict=True) if calls else [(step, outcome)]
    for call, one in pairs:
        expected = call.get("status", "ok")
        assert one["status"] == expected, f"the status is {one['status']}, expected {expected}: {one.get('message')}"


def check(expectation: Json, outcome: Outcome, outcomes: list[Outcome]) -> None:
    """Fails with AssertionError if a step's outcome is not as expected. `outcomes` are those of all steps so far."""
    pointer = expectation["at"]
    try:
        found = at(outcome, pointer)
    except (KeyError, IndexError, TypeError):
        assert "absent" in expectation, f"there is nothing at {pointer} in {json.dumps(outcome)[:1000]}"
        return
    assert "absent" not in expectation, f"{pointer} is there: {found!r}"
    if "equals" in expectation:
        assert found == expectation["equals"], f"{pointer} is {found!r}, expected {expectation['equals']!r}"
    if "contains" in expectation:
        assert expectation["contains"] in found, f"{pointer} is {found!r}, without {expectation['contains']!r}"
    if "same_as" in expectation:
        assert found == at(outcomes, expectation["same_as"]), f"{pointer} is not the same as {expectation['same_as']}"
    if "differs_from" in expectation:
        assert found != at(outcomes, expectation["differs_from"]), f"{pointer} is {expectation['differs_from']}"
    if "near" in expectation:
        off, tolerance = distance(found, expectation["near"]), expectation["tolerance"]
        assert off <= tolerance, f"{pointer} is off by {off:.3g}, allowed are {tolerance}"
    if "cosine" in expectation:
        similarity, least = cosine(found, expectation["cosine"]), expectation["at_least"]
        assert similarity >= least, f"{pointer} has the cosine {similarity:.6f}, at least {least} is expected"


def distance(found: Any, expected: Any) -> float:
    """The largest absolute difference of two numbers or arrays of numbers."""
    if not isinstance(expected, list):
        return abs(float(found) - float(expected))
    return max((abs(a - b) for a, b in zip(found, expected, strict=True)), default=0.0)


def cosine(found: list[float], expected: list[float]) -> float:
    product: float = sum(a * b for a, b in zip(found, expected, strict=True))
    return product / (math.hypot(*found) * math.hypot(*expected))
