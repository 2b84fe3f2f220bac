"""Answers that are being written."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from ..._server.streaming import EVENT_STREAM, UNBUFFERED
from ..schemas.chats import JobEvent
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["chats"])

    @router.get(
        "/jobs/{id}/events",
        summary="What happens while an answer is written, as server-sent events",
        response_class=StreamingResponse,
        responses={200: {"model": JobEvent, "content": {EVENT_STREAM: {}}}},
    )
    async def follow_job(
        id: str,
        first: Annotated[int, Query(alias="from", ge=0, description="The number of the first event.")] = 0,
        last_event_id: Annotated[str | None, Header(description="The number of the last event that is known.")] = None,
    ) -> StreamingResponse:
        await asyncio.to_thread(services.jobs.check, id)
        if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
            first = max(first, int(last_event_id[:15]) + 1)
        return StreamingResponse(services.jobs.follow(id, first), media_type=EVENT_STREAM, headers=UNBUFFERED)

    @router.post("/jobs/{id}/stop", status_code=204, summary="Stop an answer")
    async def stop_job(id: str) -> None:
        await asyncio.to_thread(services.jobs.check, id)
        await services.jobs.stop(id)

    return router
