"""Reading chats from files, each chat for itself: one that cannot be read does not keep the others out."""

from __future__ import annotations

import io
import json
import os
from typing import Any, BinaryIO

from ..._server.errors import RequestError
from ..chats.store import Chats
from ..files.attached import decoded
from ..schemas.chats import Imported, ImportFile, Skipped
from . import archive, json_format, markdown_reader, old_chat

DAMAGED = "chat_damaged"


def import_file(chats: Chats, file: ImportFile) -> Imported:
    """Raises RequestError 400 if it is no file of chats."""
    return import_stream(chats, file.name, io.BytesIO(decoded(file.data)))


def import_stream(chats: Chats, name: str, source: BinaryIO) -> Imported:
    """The same for a file on the disk. Of an archive no more than one chat is in memory.

    Raises RequestError 400 if it is no file of chats.
    """
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if archive.is_one(source.read(4)):
        return _archive(chats, name, source, size)
    if size > archive.FILE_BYTES:
        message = (
            f"{name} has {size >> 20} MiB, and {archive.FILE_BYTES >> 20} MiB are the most, unless it is a zip with a "
            "file for each chat, as the export of all chats is"
        )
        raise RequestError(400, message, code="chats_too_large", param="data")
    source.seek(0)
    return _one(chats, name, source.read())


def _one(chats: Chats, name: str, data: bytes) -> Imported:
    """A file that is no archive."""
    if old_chat.is_one(data):
        return _old(chats, name, data)
    if markdown_reader.is_one(name, data):
        return _markdown(chats, name, data)
    made, skipped = [], list[Skipped]()
    for number, raw in enumerate(_chats(name, data), 1):
        title = str(raw.get("title"))[:100] if isinstance(raw, dict) else None
        try:
            made.append(json_format.add(chats, raw))
        except RequestError as error:
            skipped.append(_skipped(title or f"chat {number}", error))
    return Imported(chats=made, skipped=skipped)


def _skipped(name: str, error: RequestError) -> Skipped:
    return Skipped(name=name, reason=error.failure.message, code=error.failure.code or DAMAGED)


def _chats(name: str, data: bytes) -> list[Any]:
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        raise RequestError(
            400,
            f"{name} is no file of chats: neither JSON nor Markdown of this application, nor a .chat of the old one",
            code="invalid_request",
        ) from None
    if (
        not isinstance(read, dict)
        or read.get("format") != json_format.FORMAT
        or not isinstance(read.get("chats"), list)
    ):
        raise RequestError(400, f"{name} is JSON, but no chats of this application", code="invalid_request")
    version = read.get("version")
    if type(version) is not int or version < 1:  # true is an int, too
        message = f"{name} has no version that is a whole number from 1 to {json_format.VERSION}, which is expected"
        raise RequestError(400, message, code="invalid_request", param="data")
    if version > json_format.VERSION:
        raise RequestError(400, f"{name} was written by a newer release; update gpt4all", code="unsupported")
    return list(read["chats"])


def _markdown(chats: Chats, name: str, data: bytes) -> Imported:
    try:
        return Imported(chats=[markdown_reader.add(chats, markdown_reader.read(name, data))], skipped=[])
    except markdown_reader.UnreadableMarkdownError as error:
        return Imported(chats=[], skipped=[Skipped(name=name, reason=str(error), code=DAMAGED)])


def _archive(chats: Chats, name: str, source: BinaryIO, size: int) -> Imported:
    made, skipped = list[str](), list[Skipped]()
    for each, content in archive.unpacked(name, source, size):
        if isinstance(content, RequestError):
            skipped.append(_skipped(each, content))
            continue
        try:
            imported = _one(chats, each, content)
        except RequestError as error:
            if error.failure.status == 507:  # nor would there be room for the others
                raise
            skipped.append(_skipped(each, error))
        else:
            made += imported.chats
            skipped += imported.skipped
    return Imported(chats=made, skipped=skipped)


def _old(chats: Chats, name: str, data: bytes) -> Imported:
    try:
        return Imported(chats=[old_chat.add(chats, old_chat.read(data))], skipped=[])
    except old_chat.UnreadableChatError as error:
        return Imported(chats=[], skipped=[Skipped(name=name, reason=str(error), code=DAMAGED)])
