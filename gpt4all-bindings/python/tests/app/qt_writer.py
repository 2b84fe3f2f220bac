"""Writes chats as the old application did, in each version of its format: from the layout, not from our reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

MAGIC = 0xF5D553CC


def text(value: str | None) -> bytes:
    if value is None:
        return struct.pack(">I", 0xFFFFFFFF)
    raw = value.encode("utf-16-be")
    return struct.pack(">I", len(raw)) + raw


def blob(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def texts(values: Sequence[str]) -> bytes:
    return struct.pack(">I", len(values)) + b"".join(map(text, values))


def size(count: int) -> bytes:
    """A qsizetype."""
    return struct.pack(">q", count)


@dataclass
class Part:
    """A part of an answer: its name as the format has it."""

    name: str
    value: str
    extra: bytes = b""
    parts: list[Part] = field(default_factory=list)

    def data(self) -> bytes:
        inner = b"".join(part.data() for part in self.parts)
        return text(self.name) + text(self.value) + self.extra + size(len(self.parts)) + inner


def tool_call(code: str, result: str) -> Part:
    parameter = text("code") + struct.pack(">i", 0) + struct.pack(">I", 10) + b"\0" + text(code)
    extra = text("javascript_interpret") + size(1) + parameter + text(result) + struct.pack(">i", 0) + text("")
    return Part("ToolCall: ", code, extra)


def thought(value: str, milliseconds: int) -> Part:
    return Part("Think: ", value, struct.pack(">i", milliseconds))


@dataclass
class Item:
    """A question or an answer. source: (collection, path, file, title, text, page)."""

    name: str
    value: str
    stopped: bool = False
    source: tuple[str, str, str, str, str, int] | None = None
    attachment: tuple[str, bytes] | None = None
    parts: list[Part] = field(default_factory=list)

    def data(self, version: int, number: int) -> bytes:
        made = struct.pack(">i", number) if version < 12 else b""
        made += text(self.name) + text(self.value)
        if version < 10:
            made += text("the prompt as it was put")
        made += text("") + bytes([0, self.stopped, 0, 0])
        if version >= 11 and self.name == "Response: ":
            made += b"\0"
        made += self._sources(version)
        if version >= 10:
            attachments = [self.attachment] if self.attachment else []
            made += size(len(attachments))
            made += b"".join(blob(url.encode()) + blob(content) for url, content in attachments)
        if version >= 12:
            made += size(len(self.parts)) + b"".join(part.data() for part in self.parts)
        return made

    def _sources(self, version: int) -> bytes:
        found = [self.source] if self.source else []
        if version >= 8:
            made = size(len(found))
            for collection, path, file, title, said, page in found:
                made += b"".join(map(text, (collection, path, file, title, "author", "date", said)))
                made += struct.pack(">iii", page, -1, -1)
            return made
        if version >= 3:
            lines = [
                f'1. "{title}". In {file}. Page {page}. [Context](context://1)' for _, _, file, title, _, page in found
            ]
            return text("\n".join(lines)) + texts([each[4] for each in found])
        return b""


def chat(version: int, title: str, model: str, items: Sequence[Item], *, state: bytes | None = b"state") -> bytes:
    """A whole file. state: what the engine had computed, which versions before 11 keep if it is given."""
    made = struct.pack(">Ii", MAGIC, version) + struct.pack(">q", 1_700_000_000)
    made += text("0f9a") + text(title) + text(None) + text(model)
    if version >= 3:
        made += texts(["my notes"])
    if version < 11:
        made += _state(version, state)
    return made + struct.pack(">I", len(items)) + b"".join(item.data(version, n) for n, item in enumerate(items))


def _state(version: int, state: bytes | None) -> bytes:
    made = bytes([state is not None]) if version >= 6 else b""
    if version >= 2:
        made += struct.pack(">ii", 0, 0)
    made += text("the last answer") + text("a title") + struct.pack(">I", 12)
    if state is None and version >= 6:
        return made
    if version < 4:
        made += struct.pack(">i", 0)
    made += struct.pack(">i", 5)
    if version >= 7:
        made += struct.pack(">i", 2048)
    if version < 9:
        made += struct.pack(">q", 3) + b"\0" * 12
    return made + struct.pack(">q", 2) + b"\0" * 8 + blob(state or b"")
