"""All of llama-server's API that there is here."""

from __future__ import annotations

from fastapi import APIRouter

from ..inference import Inference
from . import completion, props, texts


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter()
    for endpoint in (completion, props, texts):
        router.include_router(endpoint.routes(inference))
    return router
