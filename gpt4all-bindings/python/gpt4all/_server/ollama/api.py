"""All of Ollama's API that there is here."""

from __future__ import annotations

from fastapi import APIRouter

from ..inference import Inference
from . import about, changes, chat, embed, generate, listing, show


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter()
    for endpoint in (about, changes, chat, embed, generate, listing, show):
        router.include_router(endpoint.routes(inference))
    return router
