"""Clients of a server of chats, all at once, each of which asks again as soon as it has its answer.

    worker_http.py PLAN.json PORT

A step of the plan is a list of clients: {"bodies": [what each asks, one after the other]}. Streams are read as OpenAI's
API has them, so that every server is asked the same.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

PATH = "/v1/chat/completions"


async def ask(port: int, body: dict[str, Any]) -> dict[str, Any]:
    """Asks on a new connection, and notes when the first text came. Raises RuntimeError for anything but an answer."""
    text = json.dumps({**body, "stream": True, "stream_options": {"include_usage": True}}).encode()
    start = time.perf_counter()
    first = last = 0.0
    pieces, tokens = 0, 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Connection: close\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
        async for event in events(reader):
            if "choices" not in event:
                raise RuntimeError(f"the server answered {event}")
            if event.get("usage"):
                tokens = event["usage"]["completion_tokens"]
            if any(choice["delta"].get("content") for choice in event["choices"]):
                last = time.perf_counter() - start
                first = first or last
                pieces += 1
    finally:
        writer.close()
    if not pieces:
        raise RuntimeError("the server answered without text")
    # Who tells no usage sends a token in each piece.
    return {"first_s": first, "last_s": last, "pieces": pieces, "tokens": tokens or pieces}


async def events(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    """The JSON of each event of a response. Raises RuntimeError if its status is not 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if " 200 " not in head.partition("\r\n")[0]:
        raise RuntimeError(f"the server answered {head}{(await reader.read(1000)).decode('utf-8', 'replace')}")
    rest = b""
    while size := int(await reader.readline(), 16):
        *lines, rest = (rest + (await reader.readexactly(size + 2))[:-2]).split(b"\n")
        for line in lines:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])


async def client(port: int, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One that asks again and again."""
    return [await ask(port, body) for body in bodies]


async def step(port: int, clients: list[dict[str, Any]]) -> dict[str, Any]:
    """All clients of a step."""
    start = time.perf_counter()
    answers = await asyncio.gather(*(client(port, one["bodies"]) for one in clients))
    return {"wall_s": time.perf_counter() - start, "answers": [answer for of_one in answers for answer in of_one]}


async def main() -> None:
    """Runs the plan."""
    plan, port = json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])
    print("ready", flush=True)
    print(json.dumps({"steps": [await step(port, clients) for clients in plan["steps"]]}))


if __name__ == "__main__":
    asyncio.run(main())
