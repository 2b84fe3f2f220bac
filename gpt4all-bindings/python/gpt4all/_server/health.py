"""GET /health and /ready, for monitors; they need no key, and tell nothing else."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from .inference import Inference


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["server"])

    @router.get("/health", summary="Whether the server is alive")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/ready", summary="Whether the models that it starts with are open")
    async def ready() -> Response:
        if inference.preloaded:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "loading"}, 503, {"Retry-After": "1"})

    return router
