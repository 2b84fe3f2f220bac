"""Clients in a crowd, of which many go away at a moment of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SECONDS = 120
MOMENTS = ("never", "at once", "soon", "in the midst", "at the end")
LAST = (b"[DONE]", b"message_stop", b'"done":true', b'"usage":')
"""What the APIs write last, after which the connection is still open for a moment."""


@dataclass(frozen=True)
class Visit:
    """One request.

    leaves: when the client closes the connection: one of MOMENTS; "soon" while it waits for the first token.
    abruptly: whether by a reset, as when a program is killed.
    """

    path: str
    body: dict[str, Any]
    leaves: str
    abruptly: bool

    @property
    def kind(self) -> str:
        """For counting."""
        return f"{'a stream' if self.body.get('stream') else 'an answer'} left {self.leaves}"


@dataclass
class Outcome:
    """What became of a crowd's requests. wrong: what was no answer, of those that waited for one."""

    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def visits(model: str, count: int, seed: int) -> Iterator[Visit]:
    """Requests of several APIs, one in five of which waits for the end."""
    dice = random.Random(seed)
    for _ in range(count):
        text = " ".join(dice.choice("abcdefgh") * dice.randrange(1, 5) for _ in range(dice.randrange(1, 30)))
        said = {"messages": [{"role": "user", "content": text}]}
        path, body = dice.choice(
            (
                ("/v1/chat/completions", {**said, "n": dice.choice((1, 1, 2))}),
                ("/v1/chat/completions", {**said, "ignore_eos": True, "stop": ["zzz"]}),
                ("/v1/completions", {"prompt": dice.choice((text, [text, "b"]))}),
                ("/v1/messages", said),
                ("/api/chat", said),
            )
        )
        tokens = dice.randrange(1, 80)
        limit = {"options": {"num_predict": tokens}} if path.startswith("/api") else {"max_tokens": tokens}
        body = {"model": model, **body, **limit, "stream": dice.random() < 0.7}
        yield Visit(path, body, dice.choice(MOMENTS), dice.random() < 0.5)


async def crowd(address: str, requests: Iterator[Visit], at_once: int) -> Outcome:
    """All of them, so many at a time."""
    outcome = Outcome()

    async def visitor() -> None:
        for visit in requests:
            outcome.kinds[visit.kind] += 1
            if wrong := await asyncio.wait_for(_visit(address, visit), SECONDS):
                outcome.wrong.append(f"{visit}: {wrong}")

    await asyncio.gather(*(visitor() for _ in range(at_once)))
    return outcome


async def _visit(address: str, visit: Visit) -> str:
    """Returns what was wrong with the answer."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        body = json.dumps(visit.body).encode()
        head = f"POST {visit.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return await _read(reader, visit)
    finally:
        if visit.abruptly and visit.leaves != "never":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()


async def _read(reader: asyncio.StreamReader, visit: Visit) -> str:
    if visit.leaves == "at once":
        return ""
    if visit.leaves == "soon":
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1), random.random() / 50)
        return ""
    status = await reader.readline()
    if b" 200 " not in status:
        return f"{status!r} {await reader.read()!r}"
    if visit.leaves == "in the midst":
        await reader.read(random.randrange(1, 2000))
        return ""
    rest = b""
    while part := await reader.read(1 << 16):
        rest += part
        if visit.leaves == "at the end" and any(last in rest for last in LAST):
            break
    return "" if b'"error"' not in rest else rest[-500:].decode("utf-8", "replace")
