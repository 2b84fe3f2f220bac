"""All tools: those of this program, and those of programs that its owner lists."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._errors import InvalidArgumentError
from ..._server.logs import logger
from . import mcp, tools

CALL_SECONDS = 60
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Listed:
    """A tool that chats may name; or, with an error, a program whose tools cannot be had."""

    name: str
    description: str
    error: str | None = None


class Toolbox:
    """For one event loop. folder: the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[str, mcp.Server] = {}
        self._programs: list[mcp.Program] = []
        self._offers: dict[str, tuple[mcp.Server, mcp.Offer]] = {}

    async def listed(self) -> list[Listed]:
        """All of them. Programs are started for that."""
        found = [Listed(tool.name, tool.description) for tool in tools.TOOLS.values()]
        try:
            programs = mcp.programs(self._folder)
        except InvalidArgumentError as error:
            return [*found, Listed(mcp.FILE, "", str(error))]
        if programs and importlib.util.find_spec("mcp") is None:
            needed = "programs with tools need the package mcp; install it with: pip install 'gpt4all[mcp]'"
            return [*found, Listed(mcp.FILE, "", needed)]
        await self._keep(programs)
        for offered in await asyncio.gather(*(self._look(program) for program in programs)):
            found += offered
        return found

    async def _keep(self, programs: Sequence[mcp.Program]) -> None:
        """Ends those that are listed no more, or otherwise."""
        gone = [each for each in self._programs if each not in programs]
        self._programs = list(programs)
        for program in gone:
            server = self._servers.pop(program.name, None)
            if server is not None:
                await server.close()
        self._offers = {name: each for name, each in self._offers.items() if each[0] in self._servers.values()}

    async def _look(self, program: mcp.Program) -> list[Listed]:
        server = self._servers.setdefault(program.name, mcp.Server(program))
        try:
            offers = await server.offers()
        except Exception as error:  # whatever a program of others does
            logger.warning("the tools of %s cannot be had: %r", program.name, error)
            return [Listed(program.name, "", f"{program.command} does not answer as it should: {error!r}"[:500])]
        named: dict[str, mcp.Offer] = {}
        for offer in offers:
            name = _UNFIT.sub("_", f"{program.name}__{offer.name}")[:64]
            # A name means one tool: none may come to stand for another, which was allowed.
            if name not in named and self._offers.get(name, (server,))[0] is server:
                named[name] = offer
        self._offers.update({name: (server, offer) for name, offer in named.items()})
        return [Listed(name, offer.description) for name, offer in named.items()]

    async def described(self, names: Sequence[str] | None) -> list[dict[str, Any]]:
        """Those of these names that there are, for the engine."""
        own = [tool.described() for tool in tools.chosen(names)]
        others = [name for name in names or () if name not in tools.TOOLS]
        if any(name not in self._offers for name in others):
            await self.listed()
        return own + [_described(name, self._offers[name][1]) for name in others if name in self._offers]

    async def call(self, name: str, arguments: str) -> str:
        """What a tool gives. Raises ValueError if the call is wrong, or failed."""
        if name not in self._offers:
            return await asyncio.wait_for(asyncio.to_thread(tools.call, name, arguments), CALL_SECONDS)
        server, offer = self._offers[name]
        read = json.loads(arguments or "{}")
        if not isinstance(read, dict):
            raise ValueError("the arguments are no object")
        try:
            return await asyncio.wait_for(server.call(offer.name, read), CALL_SECONDS)
        except (ValueError, asyncio.TimeoutError):
            raise
        except Exception as error:  # whatever a program of others does
            raise ValueError(f"the program does not answer as it should: {error!r}") from error

    async def close(self) -> None:
        """Ends all programs."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))


def _described(name: str, offer: mcp.Offer) -> dict[str, Any]:
    function = {"name": name, "description": offer.description, "parameters": dict(offer.parameters)}
    return {"type": "function", "function": function}
