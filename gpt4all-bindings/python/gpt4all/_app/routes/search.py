"""GET /search: over the titles and messages of all chats."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from ..chats.search import search
from ..schemas.chats import SearchHit
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operation."""
    router = APIRouter(tags=["chats"])

    @router.get("/search", summary="Find words in chats")
    def search_chats(
        q: Annotated[str, Query(max_length=500)], limit: Annotated[int, Query(ge=1, le=200)] = 30
    ) -> list[SearchHit]:
        return search(services.database, q, limit)

    return router
