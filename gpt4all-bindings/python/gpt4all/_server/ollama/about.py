"""GET / and /api/version, by which clients find out whether there is a server."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from ..._version import version
from ..inference import Inference


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.head("/", include_in_schema=False)
    @router.get("/", summary="Whether the server runs")
    async def root() -> PlainTextResponse:
        return PlainTextResponse("Ollama is running")

    @router.head("/api/version", include_in_schema=False)
    @router.get("/api/version", summary="The version of GPT4All")
    async def of_this() -> dict[str, str]:
        return {"version": version()}

    return router
