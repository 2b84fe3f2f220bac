"""GET /diagnostics: a report to send to somebody, without what is private."""

from __future__ import annotations

from fastapi import APIRouter

from ..diagnostics import report
from ..schemas.state import Diagnostics
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operation."""
    router = APIRouter(tags=["state"])

    @router.get("/diagnostics", summary="A report without chats and names of documents")
    def read_diagnostics() -> Diagnostics:
        return Diagnostics(text=report(services))

    return router
