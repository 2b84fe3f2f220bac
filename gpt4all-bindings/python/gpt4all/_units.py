"""Times and sizes as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ._errors import InvalidArgumentError

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def seconds(text: str) -> float:
    """Seconds of "90", "5m", "1h"; -1 of "forever". Raises InvalidArgumentError."""
    return -1.0 if text == "forever" else _with_unit(text, SECONDS, "a time such as 90s, 5m or forever")


def size(text: str) -> int:
    """Bytes of "8GB", "512MiB". Raises InvalidArgumentError."""
    return int(_with_unit(text, BYTES, "a size such as 8GB or 512MiB"))


def _with_unit(text: str, units: Mapping[str, float], what: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)", text.strip())
    if found is None or found[2].lower() not in units:
        raise InvalidArgumentError(f"{text!r} is not {what}")
    return float(found[1]) * units[found[2].lower()]
