"""POST /v1/rerank: documents by how well they answer a query, as Jina, Cohere and llama-server have it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from ..errors import RequestError
from ..inference import Inference
from .bodies import read, take, take_model
from .ids import new_id
from .schemas import RERANK


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["OpenAI"])

    @router.post("/v1/rerank", summary="Rank documents by a query", openapi_extra=RERANK.operation())
    async def create(request: Request) -> dict[str, Any]:
        body = await read(request)
        model = inference.store.find(take_model(body))
        with_documents = take(body, "return_documents", bool, False)
        documents = [_text(document) for document in take(body, "documents", list, [])]
        async with inference.ask(request, model, "rerank", {**body, "documents": documents}) as asked:
            result = await asked.result()
        ranked = [
            {**item, "document": {"text": documents[item["index"]]}} if with_documents else item
            for item in result["results"]
        ]
        return {
            "id": new_id("rerank-"),
            "object": "list",
            "model": model.id,
            "results": ranked,
            "usage": result["usage"],
        }

    return router


def _text(document: Any) -> str:
    text = document.get("text") if isinstance(document, dict) else document
    if not isinstance(text, str):
        raise RequestError(400, "each document must be a text, or an object with text", param="documents")
    return text
