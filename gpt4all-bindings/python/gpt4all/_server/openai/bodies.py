"""Bodies of OpenAI's requests: what is ours to read, what the engine reads, and what only matters to OpenAI."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from ..errors import RequestError

# What OpenAI keeps, bills, routes or caches by. It changes no answer here.
WITHOUT_EFFECT = frozenset(
    {
        "metadata",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
        "verbosity",
    }
)

HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
"""A half of a character beyond the first 65536, in JSON. One without its other half is no text."""


async def read(request: Request) -> dict[str, Any]:
    """The body, without what has no effect. Raises RequestError 400 if it is not an object in JSON."""
    return {name: value for name, value in (await read_all(request)).items() if name not in WITHOUT_EFFECT}


async def read_all(request: Request) -> dict[str, Any]:
    """The whole body. Raises RequestError 400 if it is not an object in JSON."""
    try:
        text = (await request.body()).decode("utf-8")
        body = json.loads(text, parse_constant=_not_json, parse_float=_finite)
        if HALF_PAIR.search(text):
            json.dumps(body, ensure_ascii=False).encode("utf-8")  # raises UnicodeEncodeError, a ValueError
    except ValueError as error:
        raise RequestError(400, f"the request's body is not JSON: {error}") from None
    except RecursionError:
        raise RequestError(400, "the request's body is nested too deeply") from None
    if not isinstance(body, dict):
        raise RequestError(400, "the request's body must be an object")
    # OpenAI takes null for what is not given.
    return {name: value for name, value in body.items() if value is not None}


def _not_json(name: str) -> float:
    raise ValueError(f"{name} is no number there")


def _finite(text: str) -> float:
    """What is read can be written again."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def take(body: dict[str, Any], name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
    """Takes a field out of a body. Raises RequestError 400 if it is of another type."""
    value = body.pop(name, default)
    if value is not default and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        raise RequestError(400, f"{name} has a wrong type", param=name)
    return value


def take_model(body: dict[str, Any]) -> str:
    """The model's name. Raises RequestError 400 if there is none."""
    name: str | None = take(body, "model", str)
    if not name:
        raise RequestError(400, "you must provide a model parameter", param="model")
    return name


def refuse(body: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Raises RequestError 400 for a field that this server cannot honour, with the reason."""
    for name, why in names.items():
        if name in body:
            raise RequestError(400, f"{name} is not supported: {why}", param=name, code="unsupported")


def limit_tokens(body: dict[str, Any], limit: int | None) -> None:
    """Lowers what is asked for to what the server allows."""
    if limit is None:
        return
    name = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
    asked = body.get(name)
    if not isinstance(asked, int) or isinstance(asked, bool) or asked > limit or asked < 0:
        body[name] = limit if asked is None or isinstance(asked, int) else asked
