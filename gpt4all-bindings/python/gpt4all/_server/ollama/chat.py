"""POST /api/chat."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ..errors import RequestError
from ..inference import Inference
from ..openai.bodies import take
from ..streaming import StreamedAnswer
from .answers import LINES, Answered, AnswerWriter
from .description import can_think
from .loading import load
from .requests import read_named, refuse_images, refuse_rest, take_generation, take_logprobs, thinking
from .schemas import CHAT

RENAMED = {"thinking": "reasoning_content", "tool_name": "name"}


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.post("/api/chat", summary="Answer a conversation", openapi_extra=CHAT.operation(LINES))
    async def create(request: Request) -> Response:
        named, body = await read_named(request, inference)
        asked = take_generation(body, inference.settings.max_tokens)
        messages = take(body, "messages", list, [])
        tools = take(body, "tools", list, [])
        logprobs = take_logprobs(body, texts=False)
        refuse_rest(body)
        answered = Answered(named.name, shaped)
        if not messages:
            return await load(inference, named.model, asked, answered)
        can = await run_in_threadpool(can_think, named.model)
        engine = {**asked.engine, **logprobs, **thinking(named, asked.think, can), "stream": asked.stream}
        engine["messages"] = [translated(message, index) for index, message in enumerate(messages)]
        if tools:
            engine["tools"] = tools
        if asked.stream:
            writer = AnswerWriter(answered)
            return StreamedAnswer(inference.ask(request, named.model, "chat", engine, asked.keep_alive), writer)
        async with inference.ask(request, named.model, "chat", engine, asked.keep_alive) as answer:
            return JSONResponse(answered.whole(await answer.result()))

    return router


def shaped(text: str, thoughts: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """A message."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if thoughts:
        message["thinking"] = thoughts
    if calls:
        message["tool_calls"] = calls
    return {"message": message}


def translated(message: Any, index: int) -> dict[str, Any]:
    """A message in the engine's terms. Raises RequestError 400 for what is none."""
    if not isinstance(message, dict):
        raise RequestError(400, f"messages[{index}] must be an object", param=f"messages[{index}]")
    refuse_images(message, f"messages[{index}].images")
    given = {name: value for name, value in message.items() if value is not None and name != "images"}
    told: dict[str, Any] = {RENAMED.get(name, name): value for name, value in given.items()}
    if told.get("tool_calls"):
        told["tool_calls"] = [_call(call, f"messages[{index}].tool_calls") for call in told["tool_calls"]]
    else:
        told.pop("tool_calls", None)
        told.setdefault("content", "")
    return told


def _call(call: Any, where: str) -> dict[str, Any]:
    """Without its index, and with its kind, which Ollama does not tell."""
    if not isinstance(call, dict) or not isinstance(call.get("function"), dict):
        raise RequestError(400, f"{where}: each needs a function", param=where)
    function = {name: value for name, value in call["function"].items() if name != "index"}
    return {"type": "function", **call, "function": function}
