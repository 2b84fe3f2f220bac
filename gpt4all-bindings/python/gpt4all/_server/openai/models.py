"""GET /v1/models and /v1/models/{model}."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from ..anthropic import models as anthropic
from ..inference import Inference
from ..store import StoredModel


def described(model: StoredModel) -> dict[str, Any]:
    """A model as OpenAI lists it."""
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": "local"}


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["OpenAI"])

    @router.get("/v1/models", summary="List the models that can be used")
    async def all(request: Request) -> dict[str, Any]:
        listed = await run_in_threadpool(inference.store.list)
        if anthropic.HEADER in request.headers:
            return anthropic.listed(listed)
        return {"object": "list", "data": [described(model) for model in listed]}

    @router.get("/v1/models/{model:path}", summary="Describe a model")
    async def one(request: Request, model: str) -> dict[str, Any]:
        found = await run_in_threadpool(inference.store.find, model)
        return anthropic.described(found) if anthropic.HEADER in request.headers else described(found)

    return router
