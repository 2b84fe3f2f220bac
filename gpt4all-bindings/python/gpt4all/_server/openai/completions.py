"""POST /v1/completions: texts continued without a template."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NamedTuple, TypeVar

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ..errors import RequestError
from ..inference import Inference, now
from ..several import Several
from ..store import StoredModel
from ..streaming import EVENT_STREAM, StreamedAnswer
from ..workers.frames import Frame
from .bodies import limit_tokens, read, take, take_model
from .chunks import ChunkWriter
from .ids import new_id
from .logprobs import Logprobs, echoed, length_of, merged, of_tokens
from .schemas import COMPLETION
from .seeds import fold_seed

MOST_PROMPTS = 2048

Part = TypeVar("Part")


class Beginning(NamedTuple):
    """What comes first in each choice of a prompt; empty for nothing."""

    text: str = ""
    logprobs: Logprobs | None = None


class CompletionWriter(ChunkWriter):
    """text_completion objects, each with a piece of the text.

    beginnings: one for each prompt. choices: of each of them.
    """

    def __init__(self, model: str, beginnings: list[Beginning], choices: int, with_usage: bool) -> None:
        super().__init__("cmpl-", "text_completion", model, with_usage)
        self._beginnings = beginnings
        self._choices = choices
        self._offsets: dict[int, int] = {}  # of the next token, in each choice
        self._usages: list[dict[str, Any]] = []  # of the prompts that are answered

    def begin(self) -> bytes:
        return b"".join(
            self._piece(place * self._choices + choice, before.text, logprobs=before.logprobs)
            for place, before in enumerate(self._beginnings)
            if before.text
            for choice in range(self._choices)
        )

    def write(self, frame: Frame) -> bytes:
        if frame.kind == "text":
            offset = self._offsets.get(frame.index)
            if offset is None:
                offset = length_of(self._beginnings[frame.index // self._choices].logprobs)
            logprobs = of_tokens(frame.logprobs, offset)
            self._offsets[frame.index] = offset + length_of(logprobs)
            return self._piece(frame.index, frame.data, logprobs=logprobs)
        return self._end(frame.data) if frame.kind == "result" else b""

    def _piece(self, index: int, text: str, reason: str | None = None, logprobs: Any = None) -> bytes:
        return self.chunk(index, {"text": text}, reason, logprobs)

    def _end(self, result: dict[str, Any]) -> bytes:
        ends = [self._piece(choice["index"], "", choice["finish_reason"]) for choice in result["choices"]]
        self._usages.append(result["usage"])
        if len(self._usages) < len(self._beginnings):
            return b"".join(ends)
        return self.end(ends, _total(self._usages))


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["OpenAI"])

    @router.post("/v1/completions", summary="Continue texts", openapi_extra=COMPLETION.operation(EVENT_STREAM))
    async def create(request: Request) -> Response:
        body = await read(request)
        model = inference.store.find(take_model(body))
        _check_best_of(body)
        fold_seed(body)
        prompts = _prompts(body.pop("prompt", ""))
        if not isinstance(body.get("suffix", ""), str):
            raise RequestError(400, "suffix must be a text", param="suffix")
        stream = take(body, "stream", bool, False)
        options = take(body, "stream_options", dict, {})
        echo = take(body, "echo", bool, False)
        limit_tokens(body, inference.settings.max_tokens)
        body.setdefault("max_tokens", 16)  # OpenAI's default
        if stream:
            return await _stream(inference, request, model, prompts, body, echo, bool(options.get("include_usage")))
        parts = [_complete(inference, request, model, prompt, body, echo) for prompt in prompts]
        return JSONResponse(_joined(model.id, await _all(parts)))

    return router


async def _all(parts: list[Coroutine[Any, Any, Part]]) -> list[Part]:
    """The results in order; if one fails, the others are cancelled."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _stream(
    inference: Inference,
    request: Request,
    model: StoredModel,
    prompts: list[Any],
    body: dict[str, Any],
    echo: bool,
    with_usage: bool,
) -> Response:
    if echo:
        beginnings = await _all([_before(inference, request, model, prompt, body) for prompt in prompts])
    else:
        beginnings = [Beginning() for _ in prompts]
    n = body.get("n", 1)  # of which the engine says whether it is possible, before the writer begins
    choices = n if isinstance(n, int) and n > 0 else 1
    writer = CompletionWriter(model.id, beginnings, choices, with_usage)
    asks = [inference.ask(request, model, *_operation(body, prompt)) for prompt in prompts]
    return StreamedAnswer(asks[0] if len(asks) == 1 else Several(asks, choices), writer)


async def _before(
    inference: Inference, request: Request, model: StoredModel, prompt: Any, body: dict[str, Any]
) -> Beginning:
    """A prompt that is to be repeated."""
    logprobs = await _echoed(inference, request, model, prompt, body)
    return Beginning(await _text(inference, request, model, prompt), logprobs)


async def _complete(
    inference: Inference, request: Request, model: StoredModel, prompt: Any, body: dict[str, Any], echo: bool
) -> dict[str, Any]:
    """The result of one prompt, with the prompt in front of it if that is asked for."""
    operation, engine = _operation(body, prompt)
    async with inference.ask(request, model, operation, {**engine, "stream": False}) as asked:
        result: dict[str, Any] = await asked.result()
    for choice in result["choices"]:
        choice["logprobs"] = of_tokens(choice.get("logprobs", {}).get("content"))
    if not echo:
        return result
    before = await _before(inference, request, model, prompt, body)
    for choice in result["choices"]:
        choice["text"] = before.text + choice["text"]
        if before.logprobs is not None:
            choice["logprobs"] = merged(before.logprobs, choice["logprobs"])
    return result


def _operation(body: dict[str, Any], prompt: Any) -> tuple[str, dict[str, Any]]:
    """What the engine is asked: to go on with a text, or to fill the gap before a suffix."""
    engine = {name: value for name, value in body.items() if name != "suffix"}
    suffix = body.get("suffix")
    if not suffix:
        return "complete", {**engine, "prompt": prompt}
    return "infill", {**engine, "input_prefix": prompt, "input_suffix": suffix}


def _check_best_of(body: dict[str, Any]) -> None:
    """Takes it out of a body. Raises RequestError 400 if some of the answers were to be left out."""
    best_of = take(body, "best_of", int)
    if best_of is not None and best_of != body.get("n", 1):
        raise RequestError(
            400, "best_of is not supported: ask for n choices, and choose yourself", param="best_of", code="unsupported"
        )


async def _echoed(
    inference: Inference, request: Request, model: StoredModel, prompt: Any, body: dict[str, Any]
) -> Logprobs | None:
    """The log-probabilities of a prompt's tokens, if they are asked for."""
    if "logprobs" not in body:
        return None
    async with inference.ask(request, model, "echo", {"prompt": prompt, "top": body["logprobs"]}) as asked:
        return echoed(await asked.result())


async def _text(inference: Inference, request: Request, model: StoredModel, prompt: Any) -> str:
    """The prompt as text, if it was given as tokens."""
    if isinstance(prompt, str):
        return prompt
    async with inference.ask(request, model, "detokenize", {"tokens": prompt}) as asked:
        return str((await asked.result())["content"])


def _prompts(given: Any) -> list[Any]:
    """OpenAI takes a text, texts, tokens, or lists of tokens."""
    if isinstance(given, list) and given and isinstance(given[0], (str, list)):
        if len(given) > MOST_PROMPTS:
            raise RequestError(400, f"there may be {MOST_PROMPTS} prompts at most", param="prompt")
        return given
    return [given]


def _joined(model: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    """One answer for all prompts, whose choices are counted on."""
    choices = [
        {
            "index": index,
            "text": choice["text"],
            "logprobs": choice["logprobs"],
            "finish_reason": choice["finish_reason"],
        }
        for index, choice in enumerate(choice for result in results for choice in result["choices"])
    ]
    return {
        "id": new_id("cmpl-"),
        "object": "text_completion",
        "created": now(),
        "model": model,
        "choices": choices,
        "usage": _total([result["usage"] for result in results]),
    }


def _total(usages: list[dict[str, Any]]) -> dict[str, Any]:
    """What all prompts took; of a single one, with the details."""
    if len(usages) == 1:
        return usages[0]
    return {
        name: sum(usage.get(name, 0) for usage in usages)
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    }
