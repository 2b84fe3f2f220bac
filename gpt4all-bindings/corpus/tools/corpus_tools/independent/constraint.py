"""Which tokens may follow where an answer must match a regular expression."""

from __future__ import annotations

import regex


class Constraint:
    """Answers, in UTF-8, that match a regular expression as a whole."""

    def __init__(self, pattern: str) -> None:
        self._pattern = regex.compile(pattern)
        # What a character that is not complete yet may become: one that the expression names, or any other.
        self._named = {character for character in pattern if ord(character) > 127}

    def allows(self, said: bytes) -> bool:
        """Whether an answer may begin so."""
        try:
            return self._begins(said.decode())
        except UnicodeDecodeError as error:
            if error.end != len(said) or error.reason != "unexpected end of data":
                return False
            whole, rest = said[: error.start].decode(), said[error.start :]
        lengths = range(len(rest) + 1, 5)
        fills = {rest + bytes([byte]) * (length - len(rest)) for length in lengths for byte in (0x80, 0x90, 0xBF)}
        others = {fill.decode("utf-8", "ignore") for fill in fills} - {""}
        named = {character for character in self._named if character.encode().startswith(rest)}
        return any(self._begins(whole + character) for character in named | others)

    def complete(self, said: bytes) -> bool:
        """Whether an answer may end here."""
        return self._pattern.fullmatch(said.decode("utf-8", "replace")) is not None

    def _begins(self, text: str) -> bool:
        return self._pattern.fullmatch(text, partial=True) is not None
