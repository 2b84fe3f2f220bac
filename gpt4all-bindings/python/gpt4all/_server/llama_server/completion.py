"""POST /completion and /infill: texts continued, and gaps filled."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ..errors import RequestError
from ..inference import Inference
from ..openai.bodies import limit_tokens, take
from ..streaming import EVENT_STREAM, StreamedAnswer
from .answers import CompletionWriter, picked, whole
from .choice import read_chosen
from .schemas import COMPLETION, INFILL

# llama-server itself makes nothing of it.
WITHOUT_EFFECT = ("t_max_prompt_ms",)


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["llama-server"])

    @router.post("/completion", summary="Continue a text", openapi_extra=COMPLETION.operation(EVENT_STREAM))
    async def completion(request: Request) -> Response:
        return await _answer(inference, request, "complete")

    @router.post(
        "/infill", summary="Fill the gap between a prefix and a suffix", openapi_extra=INFILL.operation(EVENT_STREAM)
    )
    async def infill(request: Request) -> Response:
        return await _answer(inference, request, "infill")

    return router


async def _answer(inference: Inference, request: Request, operation: str) -> Response:
    model, body = await read_chosen(request, inference)
    stream = take(body, "stream", bool, False)
    fields = take(body, "response_fields", list, [])
    if not all(isinstance(field, str) for field in fields):
        raise RequestError(400, "response_fields must be names", param="response_fields")
    engine = translated(body, operation)
    limit_tokens(engine, inference.settings.max_tokens)
    engine["stream"] = stream
    if stream:
        writer = CompletionWriter(model.id, fields)
        return StreamedAnswer(inference.ask(request, model, operation, engine), writer)
    async with inference.ask(request, model, operation, engine) as asked:
        return JSONResponse(picked(whole(model.id, await asked.result()), fields))


def translated(body: dict[str, Any], operation: str) -> dict[str, Any]:
    """The engine's fields are llama-server's but for a few. Raises RequestError 400."""
    engine = {name: value for name, value in body.items() if name not in WITHOUT_EFFECT}
    if "n_predict" in engine:
        engine["max_tokens"] = engine.pop("n_predict")
    if engine.get("n", 1) != 1:
        raise RequestError(400, "n is not supported: send several requests", param="n")
    if _several(engine.get("prompt")):
        raise RequestError(400, "a request continues one prompt; send several requests", param="prompt")
    if operation == "infill":
        engine.setdefault("input_prefix", "")
        engine.setdefault("input_suffix", "")
        if isinstance(engine.get("input_extra"), list):
            engine["input_extra"] = [_without_time(extra) for extra in engine["input_extra"]]
        if engine.get("prompt") == "":
            del engine["prompt"]
    return engine


def _several(prompt: Any) -> bool:
    """llama-server takes a list without any token, or of lists, for several prompts."""
    return isinstance(prompt, list) and not any(isinstance(part, int) for part in prompt)


def _without_time(extra: Any) -> Any:
    """llama.vim tells when it saw a text, for its own use."""
    return {name: value for name, value in extra.items() if name != "time"} if isinstance(extra, dict) else extra
