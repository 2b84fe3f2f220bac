"""What can go wrong with a document, and why one cannot be read."""

from __future__ import annotations

from enum import Enum
from typing import Any

from .._errors import LLModelError, Status


class Reason(str, Enum):
    """Why a document cannot be read."""

    SCANNED = "scanned"
    """Its pages are pictures, without text."""
    ENCRYPTED = "encrypted"
    """It needs a password."""
    EMPTY = "empty"
    """There is no text in it."""
    TOO_LARGE = "too_large"
    """The file, its pages, its text or the memory to read it exceed a limit."""
    TOO_SLOW = "too_slow"
    """Reading it takes longer than the limit."""
    DAMAGED = "damaged"
    """It is not what its name says, or broken."""
    UNSUPPORTED = "unsupported"
    """Its format is not one of those that can be read, or a package for it is missing."""
    INACCESSIBLE = "inaccessible"
    """The file cannot be opened, is not a regular file, or lies outside its folder."""


class UnreadableError(LLModelError, ValueError):
    """A document cannot be read.

    reason: why, for programs; the message says it for people.
    detail: "path", "reason".
    """

    status = Status.UNSUPPORTED

    def __init__(self, message: str, detail: dict[str, Any]) -> None:
        super().__init__(message, detail)
        self.reason = Reason(detail["reason"])
