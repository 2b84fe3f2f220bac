"""POST /tokenize, /detokenize and /apply-template."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from ..inference import Inference
from .choice import read_chosen
from .schemas import DETOKENIZE, TEMPLATE, TOKENIZE


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["llama-server"])

    async def result(request: Request, operation: str) -> dict[str, Any]:
        model, body = await read_chosen(request, inference)
        async with inference.ask(request, model, operation, body) as asked:
            told: dict[str, Any] = await asked.result()
            return told

    @router.post("/tokenize", summary="Turn a text into tokens", openapi_extra=TOKENIZE.operation())
    async def tokenize(request: Request) -> dict[str, Any]:
        return {"tokens": (await result(request, "tokenize"))["tokens"]}

    @router.post("/detokenize", summary="Turn tokens into a text", openapi_extra=DETOKENIZE.operation())
    async def detokenize(request: Request) -> dict[str, Any]:
        return {"content": (await result(request, "detokenize"))["content"]}

    @router.post("/apply-template", summary="Turn a conversation into a prompt", openapi_extra=TEMPLATE.operation())
    async def apply_template(request: Request) -> dict[str, Any]:
        return {"prompt": (await result(request, "apply_template"))["prompt"]}

    return router
