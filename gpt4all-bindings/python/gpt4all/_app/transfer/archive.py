"""All chats as Markdown: a zip with a file for each, and back."""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timezone

from ..._server.errors import RequestError
from ..chats.store import Chats
from .markdown import markdown_of

FILES = 100_000
UNPACKED_BYTES = 256 << 20
LONGEST_NAME = 120
"""Bytes of a file's name, without its ending: some systems take 143 in all."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def archived(chats: Chats, ids: list[str]) -> bytes:
    """The zip. A chat that is deleted meanwhile is left out."""
    file, names = io.BytesIO(), Names()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for id in ids:
            try:
                chat = chats.chat(id)
            except RequestError:
                continue
            changed = datetime.fromtimestamp(chat.updated, timezone.utc)
            year = min(max(changed.year, 1980), 2107)  # what a zip can say
            about = zipfile.ZipInfo(f"{names.name(chat.title)}.md", (year, *changed.timetuple()[1:6]))
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o600 << 16
            archive.writestr(about, markdown_of(chat).encode())
    return file.getvalue()


class Names:
    """Names of files that every system takes, each once, whether or not a system tells large letters from small."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def name(self, title: str) -> str:
        """Without an ending."""
        safe = _safe(title)
        name, number = safe, self._numbers.get(safe, 1)
        while (key := unicodedata.normalize("NFC", name).casefold()) in self._taken:
            number += 1
            name = f"{safe} ({number})"
        self._numbers[safe] = number
        self._taken.add(key)
        return name


def _safe(title: str) -> str:
    # Also without characters that are not seen: some turn the direction of writing around, and hide an ending.
    shown = "".join(" " if c in '\\/:*?"<>|' or unicodedata.category(c)[0] in "CZ" else c for c in title)
    cut = " ".join(shown.split()).encode()[:LONGEST_NAME].decode(errors="ignore").lstrip(" .-").rstrip(" .")
    return f"_{cut}" if _RESERVED.match(cut) else cut or "chat"


def is_one(data: bytes) -> bool:
    """Whether a file begins as a zip does, with a file or without any."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes | str]]:
    """The Markdown files in it, one after the other; for one that cannot be unpacked, the reason.

    Raises RequestError 400.
    """
    if data.count(b"PK\x01\x02") > FILES:  # before a list is made of them
        raise _too_much(name)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError) as error:
        raise RequestError(400, f"{name} is a damaged zip: {error}", code="invalid_request", param="data") from None
    with archive:
        inside = [each for each in archive.infolist() if _is_chat(each.filename)]
        if not inside:
            message = f"{name} has no chats: expected are the files .md of an export as Markdown"
            raise RequestError(400, message, code="foreign_markdown", param="data")
        if sum(each.file_size for each in inside) > UNPACKED_BYTES:
            raise _too_much(name)
        for each in inside:
            yield each.filename.rsplit("/", 1)[-1][:500], _content(archive, each)


def _is_chat(path: str) -> bool:
    """Not what macOS puts beside a file, under its name with a dot before."""
    return path.lower().endswith(".md") and not path.rsplit("/", 1)[-1].startswith(".")


def _too_much(name: str) -> RequestError:
    message = f"{name} has more than {FILES:,} files or {UNPACKED_BYTES >> 20} MiB in it; import its files in parts"
    return RequestError(400, message, code="invalid_request", param="data")


def _content(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> bytes | str:
    if file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in a way that our zips are not"
    try:
        with archive.open(file) as packed:
            return packed.read(file.file_size + 1)  # without a number, all is unpacked before its size is looked at
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        return f"it cannot be unpacked: {error}"
