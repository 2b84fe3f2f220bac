"""Chats of the old application, gpt4all-*.chat: versions 1 to 12 of its format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from ..chats.store import Chats
from ..chats.titles import UNTITLED
from ..schemas.chats import Evidence, NewChat, ToolCall
from .qt_stream import QtStream, QtStreamError
from .times import is_time

MAGIC = 0xF5D553CC
NEWEST = 12
DEEPEST = 20
"""How deep parts of an answer may lie in each other; the old application wrote three levels."""

_THINKING = re.compile(r"^\s*<think>\s*|\s*</think>\s*$")


class UnreadableChatError(ValueError):
    """A file of the old application cannot be read; the message says why."""


@dataclass
class Source:
    """A part of a document that an answer was given."""

    collection: str
    path: str
    title: str
    text: str
    page: int


@dataclass
class Attached:
    """A file that came with a question."""

    name: str
    content: bytes


@dataclass
class Item:
    """A question, an answer, or a part of one.

    kind: "Prompt", "Response", "Text", "Think", "ToolCall" or "ToolResponse".
    """

    kind: str
    value: str = ""
    stopped: bool = False
    thinking_seconds: float | None = None
    tool: str = ""
    result: str = ""
    sources: list[Source] = field(default_factory=list)
    attachments: list[Attached] = field(default_factory=list)
    parts: list[Item] = field(default_factory=list)


@dataclass
class OldChat:
    """What a file says."""

    created: float
    title: str
    model: str
    collections: list[str]
    items: list[Item]


def is_one(data: bytes) -> bool:
    """Whether a file begins as those of the old application do."""
    return data[:4] == MAGIC.to_bytes(4, "big")


def read(data: bytes) -> OldChat:
    """Raises UnreadableChatError."""
    stream = QtStream(data)
    try:
        stream.skip(4)
        version = stream.int32()
        if not 1 <= version <= NEWEST:
            raise UnreadableChatError(f"it has version {version} of the format; 1 to {NEWEST} can be read")
        return _chat(stream, version)
    except QtStreamError as error:
        raise UnreadableChatError(str(error)) from None


def _chat(stream: QtStream, version: int) -> OldChat:
    created = stream.int64()
    if not is_time(created):
        raise UnreadableChatError(f"it is damaged: there is no date for the time {created} at which it was made")
    stream.text()  # its id
    title = stream.text()
    stream.text()  # the user's name
    model = stream.text()
    collections = stream.texts() if version >= 3 else []
    if version < 11:
        _skip_state(stream, version)
    items = [_item(stream, version) for _ in range(stream.count(wide=False))]
    if version < 11:
        _move_sources(items)
    return OldChat(float(created), title, model, collections, items)


def _skip_state(stream: QtStream, version: int) -> None:
    """What the engine of its time had computed of the chat."""
    with_state = stream.boolean() if version >= 6 else True
    if version >= 2:
        stream.skip(8)  # kind of model, version of the state
    stream.text()  # the last answer
    stream.text()  # the answer that the title is of
    stream.skip(4)  # tokens
    if not with_state:
        return
    if version < 4:
        stream.skip(4)
    stream.skip(4)  # tokens in the context
    if version >= 7:
        stream.skip(4)  # its length
    if version < 9:
        stream.skip(4 * stream.int64())  # logits
    stream.skip(4 * stream.int64())  # tokens
    stream.bytes()


def _item(stream: QtStream, version: int) -> Item:
    if version < 12:
        stream.skip(4)  # its number
    item = Item(_kind(stream), stream.text())
    if version < 10:
        stream.text()  # the prompt
    stream.text()  # a better answer, which the user wrote
    stream.boolean()  # whether it was being written
    item.stopped = stream.boolean()
    stream.skip(2)  # thumbs
    if version >= 11 and item.kind == "Response":
        stream.boolean()  # whether it is an error
    if version >= 8:
        item.sources = [_source(stream) for _ in range(stream.count(wide=True))]
    elif version >= 3:
        item.sources = _early_sources(stream)
    if version >= 10:
        item.attachments = [_attached(stream) for _ in range(stream.count(wide=True))]
    if version >= 12:
        item.parts = [_part(stream, 1) for _ in range(stream.count(wide=True))]
    return item


def _kind(stream: QtStream) -> str:
    name = stream.text()
    if name not in ("System: ", "Prompt: ", "Response: ", "Text: ", "Think: ", "ToolCall: ", "ToolResponse: "):
        raise QtStreamError(f"a message of the kind {name[:40]!r} is not known")
    return name.removesuffix(": ")


def _source(stream: QtStream) -> Source:
    collection, folder, file, title, _author, _date, text = (stream.text() for _ in range(7))
    page = stream.int32()
    stream.skip(8)  # lines
    return Source(collection, f"{folder.rstrip('/')}/{file}" if folder else file, title, text, page)


def _early_sources(stream: QtStream) -> list[Source]:
    """A line about each, in words, and the texts."""
    lines = [line for line in stream.text().split("\n") if line.strip() and not line.strip().startswith("---")]
    return [
        Source(
            "", file[1] if (file := re.search(r"\bIn (.+?)\. (?:Page|Lines|\[Context\])", line)) else line, "", text, -1
        )
        for line, text in zip(lines, stream.texts(), strict=False)
    ]


def _attached(stream: QtStream) -> Attached:
    address = stream.bytes().decode("utf-8", "replace")
    name = unquote(urlsplit(address).path).rsplit("/", 1)[-1]
    return Attached(name or "attachment", stream.bytes())


def _part(stream: QtStream, depth: int) -> Item:
    if depth > DEEPEST:
        raise QtStreamError("parts of an answer lie too deep in each other")
    part = Item(_kind(stream), stream.text())
    if part.kind == "Think":
        part.thinking_seconds = stream.int32() / 1000
    elif part.kind == "ToolCall":
        part.tool = stream.text()
        for _ in range(stream.count(wide=True)):
            stream.text()
            stream.skip(4)
            stream.variant()
        part.result = stream.text()
        stream.skip(4)  # the kind of error
        stream.text()  # its text
    part.parts = [_part(stream, depth + 1) for _ in range(stream.count(wide=True))]
    return part


def _move_sources(items: list[Item]) -> None:
    """Earlier, answers had the sources that their questions have now."""
    for before, item in pairwise(items):
        if item.kind == "Response" and before.kind == "Prompt":
            before.sources, item.sources = item.sources, []


# --------------------------------------------------------------------------------------------------- into the database


def add(chats: Chats, old: OldChat) -> str:
    """Adds the chat, and returns its id."""
    with chats.database.change() as connection:
        chat = chats.add(NewChat(title=old.title.strip()[:500] or UNTITLED, model=old.model[:500] or None))
        parent: str | None = None
        sources: list[Source] = []
        for place, item in enumerate(old.items):
            created = old.created + place  # only the chat's time is known
            if item.kind == "Prompt":
                sources = item.sources
                attachments = [_added(chats, each) for each in item.attachments]
                parent = chats.add_message(
                    chat.id, parent, "user", item.value, created=created, attachments=attachments
                ).id
            elif item.kind == "Response":
                parent = _add_answer(chats, chat.id, parent, item, sources, created, old.model)
                sources = []
        times = (old.created, old.created + max(0, len(old.items) - 1), chat.id)
        connection.execute("UPDATE chats SET created = ?, updated = ? WHERE id = ?", times)
    return chat.id


def _add_answer(
    chats: Chats, chat: str, parent: str | None, item: Item, sources: list[Source], created: float, model: str
) -> str:
    parts = list(_flat(item.parts))
    thoughts = [part for part in parts if part.kind == "Think"]
    reasoning = "\n\n".join(_THINKING.sub("", part.value) for part in thoughts)
    calls = [
        ToolCall(
            id=f"call_{number}",
            name=part.tool or "code",
            arguments=json.dumps({"code": part.value}, ensure_ascii=False),
            state="done",
            result=part.result,
        )
        for number, part in enumerate(part for part in parts if part.kind == "ToolCall")
    ]
    before = "".join(part.value for part in parts if part.kind == "Text")
    return chats.add_message(
        chat,
        parent,
        "assistant",
        before + item.value,
        state="stopped" if item.stopped else "done",
        model=model[:500] or None,
        reasoning=reasoning or None,
        created=created,
        reasoning_seconds=sum(part.thinking_seconds or 0 for part in thoughts) if thoughts else None,
        tool_calls=[call.model_dump() for call in calls],
        evidence=[_evidence(number, source).model_dump() for number, source in enumerate(sources, 1)],
    ).id


def _flat(parts: list[Item]) -> Iterator[Item]:
    for part in parts:
        yield part
        yield from _flat(part.parts)


def _added(chats: Chats, attached: Attached) -> dict[str, object]:
    text = attached.content.decode("utf-8", "replace")
    readable = "\0" not in text
    added = chats.add_attachment(attached.name[:500], "text", len(attached.content), text if readable else None)
    return added.model_dump()


def _evidence(number: int, source: Source) -> Evidence:
    whole = [0, len(source.text)]
    return Evidence(
        number=number,
        file_id=None,
        collection=source.collection,
        path=source.path,
        title=source.title,
        headings=[],
        pages=[source.page, source.page] if source.page > 0 else None,
        start=0,
        end=len(source.text),
        found=whole,
        text=source.text,
        sha256="",
        scores=None,
        cited=False,
    )
