"""Reads what markdown writes: the title, and of each message its role, text, reasoning, time and model."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError

from ..._server.errors import RequestError
from ..chats.store import Chats
from ..chats.titles import UNTITLED
from ..schemas.base import TEXT_LENGTH, Model
from ..schemas.chats import NewChat, Role
from .markdown import KIND, VERSION
from .times import read as time_of

MESSAGES = 100_000
"""The most that are taken of a chat: of the smallest, a file has room for millions."""

EXPECTED = f"expected is what the export as Markdown writes, which begins with the lines `---` and `{KIND}: {VERSION}`"

_MATTER = re.compile(r"---\n((?:[^\n]*\n){1,100}?)---(?:\n|\Z)")
_MARK = re.compile(r"[a-z0-9-]{1,40}")


class UnreadableMarkdownError(ValueError):
    """A file that we exported was changed so that it cannot be read; the message says where."""


class _About(Model):
    """What a message's comment says of it."""

    role: Role
    created: str = Field(max_length=100)
    model: str | None = Field(default=None, max_length=500)
    state: Literal["done", "stopped", "interrupted"] = "done"


@dataclass
class ReadMessage:
    """A message of a file."""

    role: Role
    created: float
    model: str | None
    state: str
    text: str = ""
    reasoning: str | None = None


@dataclass
class ReadChat:
    """What a file says."""

    title: str
    created: float
    updated: float
    model: str | None
    messages: list[ReadMessage]


def is_one(name: str, data: bytes) -> bool:
    """Whether a file is to be read as Markdown."""
    return name.lower().endswith((".md", ".markdown")) or data.removeprefix(b"\xef\xbb\xbf").startswith(b"---")


def read(name: str, data: bytes) -> ReadChat:
    """Raises RequestError 400 if we did not write it, UnreadableMarkdownError if it was damaged since."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _foreign(name, f"it is not UTF-8: byte {error.start}") from None
    if text.startswith("---\r\n"):  # by an editor: we write none there
        text = text.replace("\r\n", "\n")
    matter = _MATTER.match(text)
    known = dict(line.split(": ", 1) for line in matter[1].split("\n") if ": " in line) if matter else {}
    if matter is None or KIND not in known:
        raise _foreign(name, "it is no chat of this application")
    version = known[KIND].strip()
    if not re.fullmatch(r"[1-9][0-9]{0,8}", version):
        raise _foreign(name, f"{version[:40]!r} is no version")
    if int(version) > VERSION:
        raise RequestError(400, f"{name} was written by a newer release; update gpt4all", code="unsupported")
    mark = _value(known, "mark") or "gpt4all"
    if not _MARK.fullmatch(mark):
        raise UnreadableMarkdownError(f"the mark {mark[:40]!r} cannot be one")
    title, model = _value(known, "title") or "", _value(known, "model")
    for key, value in (("title", title), ("model", model or "")):
        if len(value) > 500:
            raise UnreadableMarkdownError(f"the {key} has {len(value)} characters; 500 are the most")
    messages = _messages(text, matter.end(), mark)
    created = _time(_value(known, "created"), "created")
    return ReadChat(title, created, _time(_value(known, "updated"), "updated"), model, messages)


def _foreign(name: str, why: str) -> RequestError:
    return RequestError(400, f"{name} cannot be imported: {why}; {EXPECTED}", code="foreign_markdown", param="data")


def _messages(text: str, start: int, mark: str) -> list[ReadMessage]:
    """A part reaches to the next line that begins with the mark."""
    made: list[ReadMessage] = []
    begin = f"<!-- {mark} "
    lines = list(re.compile(rf"^{begin}([^\n]*)(?:\n|\Z)", re.MULTILINE).finditer(text, start))
    for place, line in enumerate(lines):
        what, _, about = line[1].rstrip("\r").removesuffix("-->").rstrip().partition(" ")
        last = place + 1 == len(lines)
        body = _body(text[line.end() : len(text) if last else lines[place + 1].start()], 1 if last else 2)
        try:
            if what == "message":
                made.append(_message(about))
            elif what not in ("reasoning", "text", "sources") or about or not made:
                raise ValueError(f"`{line[0].strip()[:100]}` is not expected there")
            elif what == "text":
                made[-1].text = body
            elif what == "reasoning":
                made[-1].reasoning = "\n".join(re.sub(r"^> ?", "", each) for each in body.split("\n"))
        except ValueError as error:
            number = text.count("\n", 0, line.start()) + 1
            raise UnreadableMarkdownError(f"line {number}: {error}") from None
        if len(made) > MESSAGES or len(body) > TEXT_LENGTH:
            raise UnreadableMarkdownError(
                f"at most {MESSAGES:,} messages are taken, of at most {TEXT_LENGTH:,} characters"
            )
    return made


def _body(part: str, newlines: int) -> str:
    """Without the newlines that were put behind it."""
    while newlines and part.endswith("\n"):
        part, newlines = part[:-1], newlines - 1
    return part


def _message(about: str) -> ReadMessage:
    try:
        known = _About.model_validate(_json(about))
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return ReadMessage(known.role, _time(known.created, "created"), known.model, known.state)


def _value(known: dict[str, str], key: str) -> str | None:
    """Programs that change the front matter may leave out quotes."""
    written = known.get(key, "").strip()
    if not written.startswith('"'):
        return written or None
    try:
        value = _json(written)
    except ValueError as error:
        raise UnreadableMarkdownError(f"{key}: {error}") from None
    return value if isinstance(value, str) else None


def _json(text: str) -> Any:
    """Raises ValueError, also for halves of characters, which no text may have."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError(f"{text[:100]!r} is not JSON") from None
    return value


def _time(text: str | None, key: str) -> float:
    try:
        return time_of(text or "")
    except (ValueError, OverflowError):
        raise UnreadableMarkdownError(f"{key}: {(text or '')[:40]!r} is no time such as 2026-01-31T12:00:00Z") from None


# --------------------------------------------------------------------------------------------------- into the database


def add(chats: Chats, found: ReadChat) -> str:
    """Adds the chat, and returns its id."""
    with chats.database.change() as connection:
        chat = chats.add(NewChat(title=found.title or UNTITLED, model=found.model))
        parent: str | None = None
        for each in found.messages:
            parent = chats.add_message(
                chat.id, parent, each.role, each.text,
                state=each.state, model=each.model, reasoning=each.reasoning, created=each.created,
            ).id  # fmt: skip
        row = (found.created, found.updated, found.title or UNTITLED, found.model, chat.id)
        connection.execute("UPDATE chats SET created = ?, updated = ?, title = ?, model = ? WHERE id = ?", row)
    return chat.id
