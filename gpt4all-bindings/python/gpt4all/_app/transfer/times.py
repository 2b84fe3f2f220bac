"""Times in files of chats: a date has to be shown for each of them."""

from __future__ import annotations

_LAST = 253_402_214_400  # in the year 9999, as far as calendars go


def is_time(seconds: float) -> bool:
    """Whether there is a date for it."""
    return 0 <= seconds <= _LAST
