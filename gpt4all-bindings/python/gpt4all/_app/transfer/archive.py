"""All chats as a zip with a file for each, and back. Of either, no more is in memory than one chat."""

from __future__ import annotations

import io
import json
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, BinaryIO, Literal

from ..._server.errors import RequestError
from ..chats.store import Chats
from .json_format import exported, folder_names
from .markdown import markdown_of

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

FILES = 100_000
UNPACKED_BYTES = 256 << 20
UNPACKED_RATIO = 50
"""How many times its own size an archive may have in it, if that is more: texts have a tenth of it."""

FILE_BYTES = 128 << 20
"""The most that is taken of one file, which is in memory as a whole."""

_BLOCK = 1 << 20
_ENTRY = b"PK\x01\x02"
LONGEST_NAME = 120
"""Bytes of a file's name, without its ending: some systems take 143 in all."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def archived(chats: Chats, ids: list[str], format: Literal["markdown", "json"] = "markdown") -> Iterator[bytes]:
    """The zip, as it is made. A chat that is deleted meanwhile is left out."""
    pipe, names, folders = _Pipe(), Names(), folder_names(chats)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for id in ids:
            try:
                chat = chats.chat(id)
                text = json.dumps(exported(chats, [id], folders)) if format == "json" else markdown_of(chat)
            except RequestError:
                continue
            changed = datetime.fromtimestamp(chat.updated, timezone.utc)
            year = min(max(changed.year, 1980), 2107)  # what a zip can say
            ending = "json" if format == "json" else "md"
            about = zipfile.ZipInfo(f"{names.name(chat.title)}.{ending}", (year, *changed.timetuple()[1:6]))
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o600 << 16
            archive.writestr(about, text.encode())
            yield pipe.taken()
    yield pipe.taken()


class _Pipe(io.RawIOBase):
    """A file that is read as it is written, and that nobody can go back in."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        written = bytes(data)
        self._written.append(written)
        return len(written)

    def taken(self) -> bytes:
        """What was written since the last time."""
        written, self._written = self._written, []
        return b"".join(written)


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
    """Whether what a file begins with is a zip's, with a file or without any."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def unpacked(name: str, source: BinaryIO, size: int) -> Iterator[tuple[str, bytes | RequestError]]:
    """The chats' files in it, one after the other; for one that cannot be unpacked, why.

    Raises RequestError 400.
    """
    most = max(UNPACKED_BYTES, UNPACKED_RATIO * size)
    if _entries(source) > FILES:  # before a list is made of them
        raise _too_much(name, most)
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError) as error:
        raise RequestError(400, f"{name} is a damaged zip: {error}", code="invalid_request", param="data") from None
    with archive:
        inside = [each for each in archive.infolist() if _is_chat(each.filename)]
        if not inside:
            message = f"{name} has no chats: expected are the files .md or .json of an export of all chats"
            raise RequestError(400, message, code="foreign_markdown", param="data")
        if sum(each.file_size for each in inside) > most:
            raise _too_much(name, most)
        for each in inside:
            yield each.filename.rsplit("/", 1)[-1][:500], _content(archive, each)


def _entries(source: BinaryIO) -> int:
    """How many files it says that it has."""
    found, rest = 0, b""
    source.seek(0)
    while block := source.read(_BLOCK):
        found += (rest + block).count(_ENTRY)
        rest = block[1 - len(_ENTRY) :]
    source.seek(0)
    return found


def _is_chat(path: str) -> bool:
    """Not what macOS puts beside a file, under its name with a dot before."""
    return path.lower().endswith((".md", ".json")) and not path.rsplit("/", 1)[-1].startswith(".")


def _too_much(name: str, most: int) -> RequestError:
    message = f"{name} has more than {FILES:,} files or {most >> 20} MiB in it; import its files in parts"
    return RequestError(400, message, code="chats_too_large", param="data")


def _content(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> bytes | RequestError:
    if file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return _packed("it is packed in a way that our zips are not")
    if file.file_size > FILE_BYTES:
        return _packed(f"it has {file.file_size >> 20} MiB, and {FILE_BYTES >> 20} MiB are the most for one chat")
    try:
        with archive.open(file) as packed:
            return packed.read(file.file_size + 1)  # without a number, all is unpacked before its size is looked at
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        return _packed(f"it cannot be unpacked: {error}")


def _packed(why: str) -> RequestError:
    return RequestError(400, why, code="chat_not_unpacked", param="data")
