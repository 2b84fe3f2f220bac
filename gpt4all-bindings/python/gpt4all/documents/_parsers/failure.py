"""How a reader says that it cannot read a file."""

from __future__ import annotations

from .._errors import Reason


class ParseError(Exception):
    """reason: for programs. message: for people, after "<path> cannot be read: "."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
