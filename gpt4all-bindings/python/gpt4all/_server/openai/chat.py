"""POST /v1/chat/completions."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ..inference import Inference, now
from ..store import StoredModel
from ..streaming import EVENT_STREAM, StreamedAnswer, compact
from ..workers.frames import Frame
from .bodies import limit_tokens, read, refuse, take, take_model
from .chunks import ChunkWriter
from .ids import new_id
from .messages import translate
from .schemas import CHAT
from .seeds import fold_seed
from .tools import allow_tools

REFUSED = {
    "audio": "models here write text",
    "function_call": "use tool_choice",
    "functions": "use tools",
    "prediction": "open the model with a draft instead",
    "web_search_options": "this server asks nobody else",
}


class ChatWriter(ChunkWriter):
    """chat.completion.chunk: https://platform.openai.com/docs/api-reference/chat-streaming."""

    def __init__(self, model: str, choices: int, with_usage: bool) -> None:
        super().__init__("chatcmpl-", "chat.completion.chunk", model, with_usage)
        self._choices = choices
        # Text is nearly all that comes, and only one string of it differs.
        whole = self._delta(0, {"content": "\0"})
        self._before, self._after = whole.split(compact("\0"))

    def begin(self) -> bytes:
        return b"".join(self._delta(index, {"role": "assistant", "content": ""}) for index in range(self._choices))

    def write(self, frame: Frame) -> bytes:
        if frame.kind == "text":
            if frame.index == 0 and frame.logprobs is None:
                return self._before + compact(frame.data) + self._after
            return self._piece(frame, {"content": frame.data})
        if frame.kind == "reasoning":
            return self._piece(frame, {"reasoning_content": frame.data})
        if frame.kind == "tool_call":
            return self._piece(frame, {"tool_calls": [frame.data]})
        return self._end(frame.data) if frame.kind == "result" else b""

    def _piece(self, frame: Frame, delta: dict[str, Any]) -> bytes:
        return self.chunk(frame.index, {"delta": delta}, logprobs=_logprobs(frame.logprobs))

    def _delta(self, index: int, delta: dict[str, Any], reason: str | None = None) -> bytes:
        return self.chunk(index, {"delta": delta}, reason)

    def _end(self, result: dict[str, Any]) -> bytes:
        ends = [self._delta(choice["index"], {}, choice["finish_reason"]) for choice in result["choices"]]
        return self.end(ends, result["usage"])


def _logprobs(content: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    """Those of tokens, as OpenAI has them."""
    return None if content is None else {"content": content, "refusal": None}


def completion(model: str, result: dict[str, Any]) -> dict[str, Any]:
    """A chat.completion of the engine's result."""
    choices = [
        {
            "index": choice["index"],
            "message": {"refusal": None, **choice["message"]},
            "logprobs": _logprobs(choice.get("logprobs", {}).get("content")),
            "finish_reason": choice["finish_reason"],
        }
        for choice in result["choices"]
    ]
    return {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": now(),
        "model": model,
        "choices": choices,
        "usage": result["usage"],
    }


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["OpenAI"])

    @router.post("/v1/chat/completions", summary="Answer a conversation", openapi_extra=CHAT.operation(EVENT_STREAM))
    async def create(request: Request) -> Response:
        body = await read(request)
        model = inference.store.find(take_model(body))
        return await answer(inference, request, model, body)

    return router


async def answer(inference: Inference, request: Request, model: StoredModel, body: dict[str, Any]) -> Response:
    """Answers, whole or as a stream."""
    refuse(body, REFUSED)
    if "messages" in body:
        body["messages"] = translate(body["messages"])
    allow_tools(body)
    fold_seed(body)
    if take(body, "modalities", list, ["text"]) != ["text"]:
        raise_modalities()
    stream = take(body, "stream", bool, False)
    options = take(body, "stream_options", dict, {})
    limit_tokens(body, inference.settings.max_tokens)
    if stream:
        choices = body.get("n", 1)
        writer = ChatWriter(model.id, choices if isinstance(choices, int) else 1, bool(options.get("include_usage")))
        return StreamedAnswer(inference.ask(request, model, "chat", body), writer)
    async with inference.ask(request, model, "chat", {**body, "stream": False}) as asked:
        return JSONResponse(completion(model.id, await asked.result()))


def raise_modalities() -> None:
    """Raises RequestError 400."""
    refuse({"modalities": None}, {"modalities": "models here write text"})
