"""Messages: sent, answered again, continued."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from ..chats.sending import Sending
from ..schemas.chats import Context, Decision, NewMessage, Replying, Sent, ToolInfo
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["chats"])
    sending = Sending(services.inference, services.database, services.chats, services.preferences, services.jobs)

    @router.post("/chats/{id}/messages", status_code=201, summary="Send a message, which is answered")
    async def send_message(id: str, new: NewMessage) -> Sent:
        return await sending.send(id, new)

    @router.post("/messages/{id}/regenerate", status_code=201, summary="Answer again, beside the answer there is")
    async def regenerate(id: str) -> Replying:
        return await sending.regenerate(id)

    @router.post("/messages/{id}/continue", status_code=201, summary="Go on with an answer")
    async def continue_message(id: str) -> Replying:
        return await sending.go_on(id)

    @router.post("/messages/{id}/tool-calls/{call}/decision", status_code=204, summary="Allow a call, or refuse it")
    async def decide_call(id: str, call: str, decision: Decision) -> None:
        services.jobs.decide(id, call, decision.approve)

    @router.get("/tools", summary="The tools that chats may have")
    async def list_tools() -> list[ToolInfo]:
        listed = await services.toolbox.listed()
        return [ToolInfo(name=each.name, description=each.description, error=each.error) for each in listed]

    @router.get("/chats/{id}/context", summary="How full the context of a chat's model is")
    async def read_context(id: str, leaf: str | None = None) -> Context:
        return await asyncio.wait_for(sending.context(id, leaf), 60)

    return router
