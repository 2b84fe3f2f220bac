"""Ollama's `keep_alive`: for how long a model stays open afterwards."""

from __future__ import annotations

import re
from typing import Any

from ..errors import RequestError

UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
_DURATION = re.compile(rf"([+-]?)((?:{_PART})+)")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
LONGEST = 100 * 365 * 86400.0
"""Seconds: longer than that is for ever."""


def take_keep_alive(body: dict[str, Any]) -> float | None:
    """Takes it out of a body: seconds, negative for ever, or None if nothing is said. Raises RequestError 400.

    It may be a number of seconds, or a text as Go's durations are: "5m", "1h30m", "-1".
    """
    given = body.pop("keep_alive", None)
    if given is None:
        return None
    seconds = seconds_of(given)
    if seconds is None:
        raise RequestError(400, 'keep_alive: give a number of seconds, or a duration such as "5m"', param="keep_alive")
    return -1.0 if seconds < 0 or seconds > LONGEST else seconds


def seconds_of(given: Any) -> float | None:
    """None for what is no duration."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        # A whole number may be too large for a float.
        return float(max(-2 * LONGEST, min(given, 2 * LONGEST))) if given == given else None
    if not isinstance(given, str) or len(given) > 100:
        return None
    if _NUMBER.fullmatch(given):
        return float(given)
    duration = _DURATION.fullmatch(given)
    if duration is None:
        return None
    total = sum(float(number) * UNITS[unit] for number, unit in re.findall(_PART, duration[2]))
    return -total if duration[1] == "-" else total
