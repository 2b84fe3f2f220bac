"""POST /api/embed, and /api/embeddings, which came before it."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request

from ..errors import RequestError
from ..inference import Inference
from ..openai.bodies import take
from ..openai.embeddings import numbers
from ..store import StoredModel
from .keep_alive import take_keep_alive
from .options import take_options
from .requests import read_named, refuse_rest
from .schemas import EMBED, EMBEDDINGS


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.post("/api/embed", summary="Turn texts into vectors", openapi_extra=EMBED.operation())
    async def embed(request: Request) -> dict[str, Any]:
        begun = time.monotonic_ns()
        named, body = await read_named(request, inference)
        keep_alive = _take_common(body)
        given = take(body, "input", (str, list), "")
        engine = {"truncate": take(body, "truncate", bool, True)}
        if dimensions := take(body, "dimensions", int, 0):
            engine["dimensions"] = dimensions
        refuse_rest(body)
        vectors, count = await _vectors(inference, request, named.model, {**engine, "input": given}, keep_alive)
        total = time.monotonic_ns() - begun
        return {
            "model": named.name,
            "embeddings": vectors,
            "total_duration": total,
            "load_duration": 0,
            "prompt_eval_count": count,
        }

    @router.post(
        "/api/embeddings",
        summary="Turn a text into a vector, which is not normalised",
        openapi_extra=EMBEDDINGS.operation(),
    )
    async def embeddings(request: Request) -> dict[str, Any]:
        named, body = await read_named(request, inference)
        keep_alive = _take_common(body)
        engine = {"input": take(body, "prompt", str, ""), "normalize": False}
        refuse_rest(body)
        vectors, _ = await _vectors(inference, request, named.model, engine, keep_alive)
        return {"embedding": vectors[0] if vectors else []}

    return router


def _take_common(body: dict[str, Any]) -> float | None:
    """Nothing in the options changes a vector. Raises RequestError 400 if they are none."""
    take_options(body)
    return take_keep_alive(body)


async def _vectors(
    inference: Inference, request: Request, model: StoredModel, engine: dict[str, Any], keep_alive: float | None
) -> tuple[list[list[float]], int]:
    """The vectors, and the number of tokens that they are of. Without input, the model is only opened."""
    given = engine["input"]
    if not given:
        async with inference.pool.use(model.path, keep_alive):
            return [], 0
    if isinstance(given, list) and not all(isinstance(text, str) for text in given):
        raise RequestError(400, "input must be a text or several", param="input")
    found: dict[int, str] = {}
    async with inference.ask(request, model, "embed", engine, keep_alive) as asked:
        async for frame in asked:
            if frame.kind == "embedding":
                found[frame.index] = frame.data
            elif frame.kind == "result":
                count: int = frame.data["usage"]["prompt_tokens"]
    return [numbers(vector) for _, vector in sorted(found.items())], count
