"""POST /v1/messages and /v1/messages/count_tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ..access.record import id_of
from ..inference import Inference
from ..openai.bodies import read_all, take_model
from ..streaming import EVENT_STREAM, StreamedAnswer
from .answers import MessageWriter, message
from .requests import counted, translate
from .schemas import COUNT, MESSAGE


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Anthropic"])

    @router.post("/v1/messages", summary="Answer a conversation", openapi_extra=MESSAGE.operation(EVENT_STREAM))
    async def create(request: Request) -> Response:
        body = await read_all(request)
        model = inference.store.find(take_model(body))
        asked = translate(body, inference.settings.max_tokens)
        if asked.stream:
            engine = {**asked.body, "return_progress": True}
            writer = MessageWriter(model.id, asked, id_of(request.scope))
            return StreamedAnswer(inference.ask(request, model, "chat", engine), writer)
        async with inference.ask(request, model, "chat", {**asked.body, "stream": False}) as answer:
            return JSONResponse(message(model.id, asked, await answer.result()))

    @router.post(
        "/v1/messages/count_tokens", summary="Count the tokens of a conversation", openapi_extra=COUNT.operation()
    )
    async def count(request: Request) -> Response:
        body = await read_all(request)
        model = inference.store.find(take_model(body))
        async with inference.ask(request, model, "count_tokens", counted(body)) as answer:
            return JSONResponse({"input_tokens": (await answer.result())["input_tokens"]})

    return router
