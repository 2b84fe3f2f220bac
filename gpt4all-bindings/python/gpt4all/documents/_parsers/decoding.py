"""Bytes as text: a mark at the beginning, UTF-8, or the encoding that it most probably is in."""

from __future__ import annotations

import codecs

from .._errors import Reason
from .failure import ParseError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 256 << 10  # bytes that the encoding is found from: it takes seconds for megabytes


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of a file, its line ends as they are. Raises ParseError.

    declared: the encoding that the file says it has, which is tried after UTF-8.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _guessed(data, declared)
    if text.count("\0") > len(text) // 1000:
        raise ParseError(Reason.UNSUPPORTED, "it is binary data, not text")
    return text.replace("\0", " ")


def _guessed(data: bytes, declared: str | None) -> str:
    from charset_normalizer import from_bytes

    if declared:
        try:
            return data.decode(declared)
        except (LookupError, UnicodeDecodeError):
            pass
    if b"\0" in data[:SAMPLE]:
        raise ParseError(Reason.UNSUPPORTED, "it is binary data, not text")
    best = from_bytes(data[:SAMPLE]).best()
    if best is None:
        raise ParseError(Reason.UNSUPPORTED, "its bytes are not text in a known encoding; save it as UTF-8")
    return data.decode(best.encoding, errors="replace")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ParseError(Reason.DAMAGED, f"it is not {encoding} as its first bytes say: {error}") from error
