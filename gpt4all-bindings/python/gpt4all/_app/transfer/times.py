"""Times in files of chats: a date has to be shown for each of them."""

from __future__ import annotations

from datetime import datetime, timezone

_LAST = 253_402_214_400  # in the year 9999, as far as calendars go


def is_time(seconds: float) -> bool:
    """Whether there is a date for it."""
    return 0 <= seconds <= _LAST


def written(seconds: float) -> str:
    """As ISO 8601 has it, to the microsecond."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read(text: str) -> float:
    """What written() wrote. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    if not is_time(seconds):
        raise ValueError(f"there is no date for {text}")
    return seconds
