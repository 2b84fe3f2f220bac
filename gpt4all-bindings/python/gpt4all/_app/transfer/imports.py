"""Reading chats from files, each chat for itself: one that cannot be read does not keep the others out."""

from __future__ import annotations

import base64
import json
from typing import Any

from ..._server.errors import RequestError
from ..chats.store import Chats
from ..schemas.chats import Imported, ImportFile, Skipped
from . import archive, json_format, markdown_reader, old_chat


def import_file(chats: Chats, file: ImportFile) -> Imported:
    """Raises RequestError 400 if it is no file of chats."""
    try:
        data = base64.b64decode(file.data, validate=True)
    except ValueError as error:
        raise RequestError(400, f"data is not base64: {error}", param="data", code="invalid_request") from None
    if old_chat.is_one(data):
        return _old(chats, file.name, data)
    if archive.is_one(data):
        return _archive(chats, file.name, data)
    if markdown_reader.is_one(file.name, data):
        return _markdown(chats, file.name, data)
    made, skipped = [], list[Skipped]()
    for number, raw in enumerate(_chats(file.name, data), 1):
        title = str(raw.get("title"))[:100] if isinstance(raw, dict) else None
        try:
            made.append(json_format.add(chats, raw))
        except RequestError as error:
            skipped.append(Skipped(name=title or f"chat {number}", reason=error.failure.message))
    return Imported(chats=made, skipped=skipped)


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
        return Imported(chats=[], skipped=[Skipped(name=name, reason=str(error))])


def _archive(chats: Chats, name: str, data: bytes) -> Imported:
    made, skipped = list[str](), list[Skipped]()
    for each, content in archive.unpacked(name, data):
        if isinstance(content, str):
            skipped.append(Skipped(name=each, reason=content))
            continue
        try:
            imported = _markdown(chats, each, content)
        except RequestError as error:
            skipped.append(Skipped(name=each, reason=error.failure.message))
        else:
            made += imported.chats
            skipped += imported.skipped
    return Imported(chats=made, skipped=skipped)


def _old(chats: Chats, name: str, data: bytes) -> Imported:
    try:
        return Imported(chats=[old_chat.add(chats, old_chat.read(data))], skipped=[])
    except old_chat.UnreadableChatError as error:
        return Imported(chats=[], skipped=[Skipped(name=name, reason=str(error))])
