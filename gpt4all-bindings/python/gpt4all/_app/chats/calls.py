"""Calls of tools: shown, decided on by a person, and run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from ..._server.errors import RequestError
from ..schemas.chats import ToolCall
from .events import Events
from .prompt import Messages
from .text import Written
from .toolbox import CALL_SECONDS, Toolbox

DENIED = "The user did not allow this call."


class Calls:
    """Those of one answer. For one event loop."""

    def __init__(self, written: Written, events: Events, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._written = written
        self._events = events
        self._asked: dict[str, asyncio.Future[bool]] = {}

    def decide(self, id: str, approve: bool) -> None:
        """A person's decision. Raises RequestError 404 if that call waits for none."""
        waiting = self._asked.get(id)
        if waiting is None or waiting.done():
            raise RequestError(404, "there is no such call that waits for a decision", code="not_found")
        waiting.set_result(approve)

    async def run(self, calls: Sequence[dict[str, Any]]) -> Messages:
        """Runs those that are allowed, in turn, and returns what the model is told of all of them."""
        asked = [self._show(self._new(each)) for each in calls]
        for call in asked:
            self._asked[call.id] = asyncio.get_running_loop().create_future()
        told: Messages = []
        for call in asked:
            done = await self._run(call)
            told.append({"role": "tool", "tool_call_id": call.id, "content": done.result or ""})
        return told

    def _new(self, raw: dict[str, Any]) -> ToolCall:
        function = raw["function"]
        id = raw.get("id") or f"call_{len(self._written.calls)}"
        return ToolCall(id=id, name=function["name"], arguments=function["arguments"], state="asked", result=None)

    async def _run(self, call: ToolCall) -> ToolCall:
        if not await self._asked[call.id]:
            return self._change(call, "denied", DENIED)
        self._change(call, "running", None)
        try:
            given = await self._toolbox.call(call.name, call.arguments)
        except ValueError as error:
            return self._change(call, "failed", f"The call failed: {error}")
        except asyncio.TimeoutError:
            return self._change(call, "failed", f"The call took more than {CALL_SECONDS} seconds.")
        return self._change(call, "done", given)

    def _change(self, call: ToolCall, state: str, result: str | None) -> ToolCall:
        return self._show(ToolCall.model_validate({**call.model_dump(), "state": state, "result": result}))

    def _show(self, call: ToolCall) -> ToolCall:
        known = [each.id for each in self._written.calls]
        if call.id in known:
            self._written.calls[known.index(call.id)] = call
        else:
            self._written.calls.append(call)
        self._events.add("tool_call", call=call.model_dump())
        return call
