"""The words in which the sources of the cases are written."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

# What a case opens a model with: one thread and one sequence, so that nothing depends on the machine or on neighbours.
SMALL: Json = {"device": "cpu", "threads": 1, "threads_batch": 1, "n_ctx": 512, "n_parallel": 1}

TINY = "tiny-llama-f32"
SMOLLM2 = "smollm2"


def case(id_: str, title: str, model: str, *steps: Json, **more: Any) -> Json:
    """A case; its topic is put before its id."""
    return {"id": id_, "title": title, "model": model, **more, "steps": list(steps)}


def open_(*expect: Json, status: str | None = None, path: str | None = None, **options: Any) -> Json:
    return _step("open", path=path, options={**SMALL, **options}, status=status, expect=expect)


def request(operation: str, fields: Json, *expect: Json, status: str | None = None, **more: Any) -> Json:
    return _step("request", operation=operation, request=fields, **more, status=status, expect=expect)


def greedy(operation: str, fields: Json, *expect: Json, **more: Any) -> Json:
    """A request that always takes the most probable token."""
    return request(operation, {"temperature": 0, **fields}, *expect, **more)


def together(*requests: Json, expect: tuple[Json, ...] = ()) -> Json:
    calls = [{key: value for key, value in step.items() if key != "do"} for step in requests]
    return _step("together", requests=calls, expect=expect)


def step(do: str, *expect: Json, **fields: Any) -> Json:
    """Any other step."""
    return _step(do, **fields, expect=expect)


def _step(do: str, *, expect: tuple[Json, ...], **fields: Any) -> Json:
    given = {key: value for key, value in fields.items() if value is not None}
    return {"do": do, **given, **({"expect": list(expect)} if expect else {})}


def exact(*pointers: str) -> list[Json]:
    """Exactly what the binding gives there."""
    return [{"at": pointer} for pointer in pointers]


def equals(pointer: str, value: Any) -> Json:
    return {"at": pointer, "equals": value}


def near(pointer: str, tolerance: float) -> Json:
    """A number or an array of them as the binding gives it, within an absolute tolerance."""
    return {"at": pointer, "tolerance": tolerance}


def cosine(pointer: str, at_least: float) -> Json:
    """A vector in the direction that the binding gives."""
    return {"at": pointer, "at_least": at_least}


def contains(pointer: str, text: str) -> Json:
    return {"at": pointer, "contains": text}


def absent(pointer: str) -> Json:
    return {"at": pointer, "absent": True}


def same_as(pointer: str, other: str) -> Json:
    return {"at": pointer, "same_as": other}


def differs_from(pointer: str, other: str) -> Json:
    return {"at": pointer, "differs_from": other}


def user(*texts: str, system: str | None = None) -> list[Json]:
    """Messages: those of the user, with the assistant's between them."""
    roles = ["user", "assistant"]
    messages = [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)]
    return ([{"role": "system", "content": system}] if system else []) + messages


TEXT = "/result/choices/0/text"
CONTENT = "/result/choices/0/message/content"
REASON = "/result/choices/0/finish_reason"
PROMPT_TOKENS = "/result/usage/prompt_tokens"
COMPLETION_TOKENS = "/result/usage/completion_tokens"
CACHED = "/result/usage/prompt_tokens_details/cached_tokens"
