"""DELETE /data: everything is forgotten."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from ..schemas.state import Confirmation
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operation."""
    router = APIRouter(tags=["state"])

    @router.delete("/data", status_code=204, summary="Forget all chats, settings, keys and collections; models stay")
    async def wipe_data(confirmation: Confirmation) -> None:
        await services.jobs.stop_all()
        await asyncio.to_thread(services.database.wipe)
        await asyncio.to_thread(services.library.wipe)
        await asyncio.to_thread(services.uploads.clear)
        services.keys.forget()
        services.opening.renew()
        for kind in ("chats", "settings", "collections"):
            services.bus.publish(kind)

    return router
