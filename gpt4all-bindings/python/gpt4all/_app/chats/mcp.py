"""Programs that offer tools by the Model Context Protocol, over their standard input and output.

They are listed in the file mcp.json of the data folder, in the form that other applications have it in. The page cannot
change that file: whoever could would have this machine run any program.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..._errors import InvalidArgumentError

FILE = "mcp.json"
START_SECONDS = 30.0
LIST_SECONDS = 20.0
CALL_SECONDS = 60.0
MOST_TOOLS = 500
MOST_CHARACTERS = 100_000
"""Of what a call gives."""

MOST_OF_DESCRIPTION = 4_000
"""Characters of what a tool says of itself, which the model has to read."""


@dataclass(frozen=True)
class Program:
    """What is started. env: variables beside the few that programs need."""

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Offer:
    """A tool of a program."""

    name: str
    description: str
    parameters: Mapping[str, Any]


def programs(folder: Path) -> list[Program]:
    """Those that the file lists; none if there is no file. Raises InvalidArgumentError if it is not right."""
    path = folder / FILE
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        listed = read["mcpServers"]
        return [
            Program(
                str(name),
                _text(each["command"]),
                tuple(_text(given) for given in each.get("args", [])),
                {str(key): _text(value) for key, value in each.get("env", {}).items()},
            )
            for name, each in listed.items()
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidArgumentError(
            f'{path} cannot be used: {error!r}; it should be {{"mcpServers": {{NAME: {{"command": …, "args": […]}}}}}}'
        ) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


class Server:
    """A program that runs from when it is first needed until it is closed. For one event loop."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._running: asyncio.Task[None] | None = None
        self._client: asyncio.Future[Any] | None = None
        self._end = asyncio.Event()

    async def offers(self) -> list[Offer]:
        """Its tools. Raises OSError, RuntimeError or another exception of its package if it cannot be asked, takes too
        long or does not come to an end."""
        client = await self._connected()
        try:
            return await asyncio.wait_for(_offered(client), LIST_SECONDS)
        except asyncio.TimeoutError:
            self._end.set()  # the next time, it is started again
            raise RuntimeError(f"it did not list its tools within {LIST_SECONDS:g} seconds") from None
        except Exception:
            self._end.set()
            raise

    async def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """What a tool gives, as text. Raises ValueError if the call failed."""
        client = await self._connected()
        try:
            given = await client.call_tool(tool, arguments, read_timeout_seconds=CALL_SECONDS)
        except Exception:
            self._end.set()  # it may be gone; the next call starts it again
            raise
        text = "\n".join(getattr(block, "text", f"[{block.type}]") for block in given.content)
        if given.is_error:
            raise ValueError(text[:MOST_CHARACTERS] or "it does not say why")
        return text[:MOST_CHARACTERS]

    async def close(self) -> None:
        """Ends the program."""
        self._end.set()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _connected(self) -> Any:
        if self._client is None or self._end.is_set() or (self._running is not None and self._running.done()):
            await self.close()
            self._end = asyncio.Event()
            self._client = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._client, self._end))
        return await asyncio.wait_for(asyncio.shield(self._client), START_SECONDS)

    async def _run(self, connected: asyncio.Future[Any], end: asyncio.Event) -> None:
        """One task holds the connection from its beginning to its end, as its package wants it."""
        from mcp import Client, StdioServerParameters

        program = self._program
        parameters = StdioServerParameters(command=program.command, args=list(program.args), env=dict(program.env))
        try:
            async with Client(parameters, read_timeout_seconds=CALL_SECONDS) as client:
                connected.set_result(client)
                await end.wait()
        except Exception as error:
            if not connected.done():
                connected.set_exception(error)
                with contextlib.suppress(BaseException):
                    connected.exception()  # nobody may be waiting any more


async def _offered(client: Any) -> list[Offer]:
    found, cursor = list[Offer](), None
    while True:
        page = await client.list_tools(cursor=cursor)
        for each in page.tools:
            about = (each.description or each.name)[:MOST_OF_DESCRIPTION]
            found.append(Offer(each.name, about, each.input_schema))
        if len(found) > MOST_TOOLS:
            raise RuntimeError(f"it lists more than {MOST_TOOLS} tools")
        cursor = page.next_cursor
        if not cursor:
            return found
