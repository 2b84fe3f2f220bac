"""Answers as llama-server's /completion and /infill have them."""

from __future__ import annotations

from typing import Any

from ..errors import Failure
from ..streaming import Writer, event
from ..workers.frames import Frame
from . import failures

STOP_TYPES = {"length": "limit"}


def whole(model: str, result: dict[str, Any]) -> dict[str, Any]:
    """The last object of an answer, with all of its text."""
    choice, usage = result["choices"][0], result["usage"]
    word = choice.get("stopping_word", "")
    told = {
        "index": choice["index"],
        "content": choice["text"],
        "tokens": choice.get("tokens", []),
        "id_slot": result.get("id_slot", -1),
        "stop": True,
        "model": model,
        "tokens_predicted": usage["completion_tokens"],
        "tokens_evaluated": usage["prompt_tokens"],
        "tokens_cached": usage["total_tokens"],
        "has_new_line": "\n" in choice["text"],
        "truncated": choice.get("truncated", False),
        "stop_type": STOP_TYPES.get(choice["finish_reason"], "word" if word else "eos"),
        "stopping_word": word,
        "timings": result["timings"],
    }
    if choice.get("logprobs"):
        told["completion_probabilities"] = choice["logprobs"]["content"]
    return told


def picked(told: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Only these fields, of which "timings/prompt_n" names one within another; all if none is named."""
    if not fields:
        return told
    found = {}
    for field in fields:
        value: Any = told
        for name in field.split("/"):
            if not isinstance(value, dict) or name not in value:
                break
            value = value[name]
        else:
            found[field] = value
    return found


class CompletionWriter(Writer):
    """Events, each with a piece of the text; the last tells how it went."""

    def __init__(self, model: str, fields: list[str]) -> None:
        self._model = model
        self._fields = fields

    def write(self, frame: Frame) -> bytes:
        if frame.kind == "text":
            told = {} if frame.logprobs is None else {"completion_probabilities": frame.logprobs}
            return event({"index": frame.index, "content": frame.data, "tokens": [], "stop": False, **told})
        if frame.kind == "result":
            last = {**whole(self._model, frame.data), "content": ""}
            last.pop("completion_probabilities", None)  # they came with the pieces
            return event(picked(last, self._fields))
        return b""

    def fail(self, failure: Failure) -> bytes:
        return event(failures.body(failure, ""))

    def failure_body(self, failure: Failure) -> dict[str, Any]:
        return failures.body(failure, "")
