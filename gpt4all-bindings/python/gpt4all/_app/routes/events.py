"""GET /events: changes, so that several windows show the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from ..._server.streaming import EVENT_STREAM, UNBUFFERED, event
from ..schemas.state import Change
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operation."""
    router = APIRouter(tags=["state"])

    async def changes() -> AsyncIterator[bytes]:
        yield b": open\n\n"
        async for change in services.bus.follow():
            yield event(change.model_dump())

    @router.get(
        "/events",
        summary="Changes, as server-sent events",
        response_class=StreamingResponse,
        responses={200: {"model": Change, "content": {EVENT_STREAM: {}}}},
    )
    async def read_changes() -> StreamingResponse:
        return StreamingResponse(changes(), media_type=EVENT_STREAM, headers=UNBUFFERED)

    return router
