"""GET / and /api/version, by which clients find out whether there is a server."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from ..._version import version
from ..inference import Inference


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.api_route("/", methods=["GET", "HEAD"], summary="Whether the server runs")
    async def root() -> PlainTextResponse:
        return PlainTextResponse("Ollama is running")

    @router.api_route("/api/version", methods=["GET", "HEAD"], summary="The version of GPT4All")
    async def of_this() -> dict[str, str]:
        return {"version": version()}

    return router
