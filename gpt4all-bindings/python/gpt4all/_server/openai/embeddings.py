"""POST /v1/embeddings."""

from __future__ import annotations

import base64
import math
import sys
from array import array
from typing import Any

from fastapi import APIRouter, Request

from ..._errors import ContextOverflowError, InvalidArgumentError
from ..errors import RequestError
from ..inference import Inference
from .bodies import read, take, take_model
from .schemas import EMBEDDINGS


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["OpenAI"])

    @router.post("/v1/embeddings", summary="Turn texts into vectors", openapi_extra=EMBEDDINGS.operation())
    async def create(request: Request) -> dict[str, Any]:
        body = await read(request)
        model = inference.store.find(take_model(body))
        encoding = take(body, "encoding_format", str, "float")
        if encoding not in ("float", "base64"):
            raise RequestError(400, "encoding_format must be float or base64", param="encoding_format")
        vectors: dict[int, str] = {}
        try:
            async with inference.ask(request, model, "embed", body) as asked:
                async for frame in asked:
                    if frame.kind == "embedding":
                        vectors[frame.index] = frame.data
                    elif frame.kind == "result":
                        usage = frame.data["usage"]
        except (InvalidArgumentError, ContextOverflowError) as error:
            error.detail.setdefault("path", "/input")  # the engine says which of them, in words
            raise
        data = [
            {"object": "embedding", "index": index, "embedding": text if encoding == "base64" else numbers(text)}
            for index, text in sorted(vectors.items())
        ]
        return {
            "object": "list",
            "data": data,
            "model": model.id,
            "usage": {"prompt_tokens": usage["prompt_tokens"], "total_tokens": usage["total_tokens"]},
        }

    return router


def numbers(text: str) -> list[float]:
    """The numbers of a vector in base64, each with as few digits as tell it from other float32."""
    vector = array("f", base64.b64decode(text))
    if sys.byteorder == "big":
        vector.byteswap()
    return [_short(number) for number in vector]


def _short(number: float) -> float:
    return float(f"{number:.9g}") if math.isfinite(number) else 0.0
