"""What a document may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The most that reading one document may take. Beyond it, the document is not read, and the reason is told.

    seconds: from opening the file to its text; then the process that reads it is killed.
    memory_bytes: address space of that process.
    file_bytes: of the file.
    pages: of a PDF; slides, sheets or sections of others.
    characters: of its text.
    unpacked_bytes: of all that a ZIP archive, such as a DOCX, holds.
    zip_ratio: how often a part of such an archive may be larger than its packed form, if it is over a megabyte.
    """

    seconds: float = 60
    memory_bytes: int = 1 << 30
    file_bytes: int = 256 << 20
    pages: int = 20_000
    characters: int = 50_000_000
    unpacked_bytes: int = 512 << 20
    zip_ratio: int = 200
