"""What the requests of Ollama's clients have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from ..errors import RequestError
from ..inference import Inference
from ..openai.bodies import limit_tokens, read_all, take
from ..store import StoredModel
from .keep_alive import take_keep_alive
from .options import take_options

EFFORTS = {"low": "low", "medium": "medium", "high": "high", "max": "xhigh"}


@dataclass(frozen=True)
class Named:
    """A request's model. name: as it was asked for, and as answers repeat it."""

    name: str
    model: StoredModel


@dataclass(frozen=True)
class Generation:
    """How an answer is to be generated.

    engine: sampling, limits and form, for the engine. keep_alive: as take_keep_alive() has it.
    think: what was asked for: True, False, an effort, or None.
    """

    stream: bool
    engine: dict[str, Any]
    keep_alive: float | None
    think: bool | str | None


async def read_named(request: Request, inference: Inference) -> tuple[Named, dict[str, Any]]:
    """The model, and the rest of the body. Raises RequestError 400, 404."""
    body = await read_all(request)
    name = take_name(body)
    return Named(name, inference.store.find(name)), body


def take_name(body: dict[str, Any]) -> str:
    """The model's name, under either of the fields that Ollama knows. Raises RequestError 400 if there is none."""
    old: str = take(body, "name", str, "")
    name: str = take(body, "model", str, "") or old
    if not name:
        raise RequestError(400, "model is required", param="model")
    return name


def take_generation(body: dict[str, Any], limit: int | None) -> Generation:
    """Takes out of a body how to generate. limit: the server's, of tokens. Raises RequestError 400."""
    stream = take(body, "stream", bool, True)
    keep_alive = take_keep_alive(body)
    _refuse_true(body, "truncate", "a prompt that does not fit into the context is refused; shorten it")
    _refuse_true(body, "shift", "an answer ends where the context does; open the model with a larger one")
    engine = {**take_options(body), **_take_format(body)}
    limit_tokens(engine, limit)
    return Generation(stream, engine, keep_alive, _take_think(body))


def take_logprobs(body: dict[str, Any], texts: bool) -> dict[str, Any]:
    """Takes out of a body which probabilities to tell. texts: for the engine's operations on texts, not for chat."""
    wanted = take(body, "logprobs", bool, False)
    most = take(body, "top_logprobs", int, 0)
    if not wanted:
        return {}
    return {"logprobs": most} if texts else {"logprobs": True, "top_logprobs": most}


def refuse_images(holder: Mapping[str, Any], where: str) -> None:
    """Raises RequestError 400 if there are any."""
    if holder.get("images"):
        raise RequestError(400, f"{where} is not supported: models here read text", param=where)


def refuse_rest(body: Mapping[str, Any]) -> None:
    """Raises RequestError 400 for what nobody has taken."""
    for name in body:
        raise RequestError(400, f"{name} is not known, or not supported", param=name)


def thinking(named: Named, think: bool | str | None, can: bool) -> dict[str, Any]:
    """Whether and how much to think, for the engine. can: whether the model does. Raises RequestError 400."""
    if think is None:
        return {}
    if think is False:
        return {"reasoning_effort": "none"}
    if not can:
        raise RequestError(400, f'"{named.name}" does not support thinking', param="think")
    effort = {} if think is True else {"reasoning_effort": EFFORTS[str(think)]}
    return {**effort, "chat_template_kwargs": {"enable_thinking": True}}


def _take_think(body: dict[str, Any]) -> bool | str | None:
    think = body.pop("think", None)
    if think is None or isinstance(think, bool):
        return think
    if not isinstance(think, str) or think not in EFFORTS:
        raise RequestError(400, f"think must be true, false or one of {', '.join(EFFORTS)}", param="think")
    return think


def _take_format(body: dict[str, Any]) -> dict[str, Any]:
    given = body.pop("format", "")
    if given == "":
        return {}
    if given == "json":
        return {"response_format": {"type": "json_object"}}
    if isinstance(given, dict):
        return {"json_schema": given}
    raise RequestError(400, 'format must be "json" or a JSON Schema', param="format")


def _refuse_true(body: dict[str, Any], name: str, why: str) -> None:
    if take(body, name, bool, False):
        raise RequestError(400, f"{name} is not supported: {why}", param=name, code="unsupported")
