"""POST /api/generate: an answer to a prompt, with the model's template or without, or what fills a gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ..errors import RequestError
from ..inference import Inference
from ..openai.bodies import refuse, take
from ..streaming import StreamedAnswer
from .answers import LINES, Answered, AnswerWriter
from .description import can_think, first_token
from .loading import load
from .requests import (
    Generation,
    Named,
    read_named,
    refuse_images,
    refuse_rest,
    take_generation,
    take_logprobs,
    thinking,
)
from .schemas import GENERATE


@dataclass(frozen=True)
class Prompt:
    """What is to be answered, as Ollama's fields have it. context: tokens of what was said before."""

    text: str
    suffix: str
    system: str
    context: list[Any]
    raw: bool


@dataclass(frozen=True)
class Operation:
    """What the engine is asked. tokens: those of the prompt, if the answer is to tell them."""

    name: str
    request: dict[str, Any]
    tokens: list[int] | None = None


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.post("/api/generate", summary="Answer a prompt", openapi_extra=GENERATE.operation(LINES))
    async def create(request: Request) -> Response:
        named, body = await read_named(request, inference)
        asked = take_generation(body, inference.settings.max_tokens)
        prompt = take_prompt(body)
        texts = bool(prompt.raw or prompt.suffix or prompt.context)
        logprobs = take_logprobs(body, texts)
        refuse_rest(body)
        if not (prompt.text or prompt.suffix):
            return await load(inference, named.model, asked, Answered(named.name, shaped))
        if texts and asked.think:
            raise RequestError(400, "think is not supported with raw, suffix or context", param="think")
        operation = await _operation(inference, request, named, prompt, asked)
        engine = {**asked.engine, **logprobs, **operation.request, "stream": asked.stream}
        answered = Answered(named.name, shaped, operation.tokens)
        if asked.stream:
            writer = AnswerWriter(answered)
            return StreamedAnswer(inference.ask(request, named.model, operation.name, engine, asked.keep_alive), writer)
        async with inference.ask(request, named.model, operation.name, engine, asked.keep_alive) as answer:
            return JSONResponse(answered.whole(await answer.result()))

    return router


def shaped(text: str, thoughts: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """A response; there are no tools here."""
    return {"response": text, **({"thinking": thoughts} if thoughts else {})}


def take_prompt(body: dict[str, Any]) -> Prompt:
    """Takes out of a body what is to be answered. Raises RequestError 400 for what is not possible together."""
    refuse_images(body, "images")
    body.pop("images", None)
    if not body.get("template"):
        body.pop("template", None)
    refuse(body, {"template": "Go templates are not read; models use the Jinja template in their file"})
    prompt = Prompt(
        take(body, "prompt", str, ""),
        take(body, "suffix", str, ""),
        take(body, "system", str, ""),
        take(body, "context", list, []),
        take(body, "raw", bool, False),
    )
    if prompt.raw and (prompt.system or prompt.context):
        raise RequestError(400, "raw mode does not support template, system, or context", param="raw")
    if prompt.suffix and (prompt.system or prompt.context or prompt.raw):
        raise RequestError(400, "suffix is not supported with raw, system or context", param="suffix")
    return prompt


async def _operation(
    inference: Inference, request: Request, named: Named, prompt: Prompt, asked: Generation
) -> Operation:
    if prompt.raw:
        return Operation("complete", {"prompt": prompt.text})
    if prompt.suffix:
        return Operation("infill", {"input_prefix": prompt.text, "input_suffix": prompt.suffix})
    system = [{"role": "system", "content": prompt.system}] if prompt.system else []
    can = await run_in_threadpool(can_think, named.model)
    conversation = {
        "messages": [*system, {"role": "user", "content": prompt.text}],
        **thinking(named, asked.think, can),
    }
    told = {**conversation, "return_tokens": True}
    async with inference.ask(request, named.model, "apply_template", told, asked.keep_alive) as answer:
        tokens: list[int] = (await answer.result())["tokens"]
    if not prompt.context:
        return Operation("chat", told, tokens)
    if tokens[:1] == [await run_in_threadpool(first_token, named.model)]:
        tokens = tokens[1:]  # it stands at the beginning of the context
    tokens = [*prompt.context, *tokens]
    return Operation("complete", {"prompt": tokens, "return_tokens": True}, tokens)
