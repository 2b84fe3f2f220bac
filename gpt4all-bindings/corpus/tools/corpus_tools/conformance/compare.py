"""Whether two languages had the same outcome of a case, but for what differs from one run to the next."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from ..places import Json

ANY_RUN = {"timings", "ms", "free", "id_slot", "poll_status"}
"""Keys whose values no two runs share: times, free memory, and which slot was free."""

SAMPLED = {"text", "content", "reasoning_content", "finish_reason", "stop", "logprobs", "usage", "tool_calls"}
"""Keys whose values come from random numbers, where a request gives no seed."""

TOGETHER = {*SAMPLED, "cached_tokens"}
"""Keys whose values depend on which of several requests came first: they are added up in another order, which may turn
the balance between two tokens. What must be the same all the same, the case expects."""

CALL_ID = re.compile(r"/tool_calls/\d+/id$")
FOLDERS = re.compile(r"(?:[A-Za-z]:)?/(?:[^\s:/\"]+/)*")
ALMOST = {"rel_tol": 1e-3, "abs_tol": 5e-3}


def differences(case: Json, one: Json, other: Json) -> list[str]:
    """Where the outcomes of a case's steps differ, as JSON Pointers with both values."""
    steps, outcomes = case["steps"], (one["outcomes"], other["outcomes"])
    if len(outcomes[0]) != len(outcomes[1]):
        return [f"{len(outcomes[0])} and {len(outcomes[1])} steps were performed"]
    found: list[str] = []
    later: set[str] = set()
    for number, (step, *pair) in enumerate(zip(steps, *outcomes, strict=False)):
        found += _differences(pair[0], pair[1], f"/{number}", _ignored(step) | later)
        if any("cancel_after" in call for call in step.get("requests", [step])):
            later = {"cached_tokens"}  # how much of its prompt was read before it was cancelled is chance
    return found


def _ignored(step: Json) -> set[str]:
    """The keys of a step's outcomes that are not compared."""
    calls = step.get("requests", [step])
    ignored = ANY_RUN | (TOGETHER if len(calls) > 1 else set())
    return ignored | SAMPLED if any(_is_sampled(call.get("request", {})) for call in calls) else ignored


def _is_sampled(request: Json) -> bool:
    return bool(request.get("temperature", 1)) and request.get("seed", -1) == -1 and request.get("top_k") != 1


def _differences(one: Any, other: Any, where: str, ignored: set[str]) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted((one.keys() | other.keys()) - ignored):
            yield from _differences(one.get(key), other.get(key), f"{where}/{key}", ignored)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{where}/{number}", ignored)
    elif not _same(one, other) and not CALL_ID.search(where):
        yield f"{where} is {_shown(one)} and {_shown(other)}"


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        whole = float(one).is_integer() and float(other).is_integer()
        return one == other if whole else math.isclose(one, other, **ALMOST)
    if isinstance(one, str) and isinstance(other, str):  # each language has a scratch folder of its own
        return one == other or FOLDERS.sub("", one) == FOLDERS.sub("", other)
    return bool(one == other)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"
