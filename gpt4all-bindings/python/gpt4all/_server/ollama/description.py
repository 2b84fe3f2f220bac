"""What a model's file says of it, as Ollama tells it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..._errors import LLModelError
from ..._model import inspect
from ..store import StoredModel
from .answers import timestamp

KEPT = 256
"""Descriptions, which take some milliseconds to make."""

# One of these is in the templates of models that think.
THINKING = ("enable_thinking", "reasoning_content", "reasoning_effort", "<think>")


def inspected(model: StoredModel) -> Mapping[str, Any]:
    """What is known of it. Raises LLModelError for a file that is no model."""
    return _inspected(str(model.path), model.size, model.created)


def summary(model: StoredModel) -> dict[str, Any]:
    """The object that lists have of it; with little in it if its file is broken."""
    try:
        details = details_of(inspected(model))
    except LLModelError:
        details = details_of({})
    return {
        "name": model.id,
        "model": model.id,
        "size": model.size,
        "digest": model.sha256 or "",
        "details": details,
    }


def modified(model: StoredModel) -> str:
    """When its file was written."""
    return timestamp(datetime.fromtimestamp(model.created, timezone.utc))


def details_of(info: Mapping[str, Any]) -> dict[str, Any]:
    """Ollama's `details`."""
    family = info.get("architecture", "")
    return {
        "parent_model": "",
        "format": info.get("format", ""),
        "family": family,
        "families": [family] if family else [],
        "parameter_size": _count(info["n_params"]) if "n_params" in info else "",
        "quantization_level": info.get("quantization", ""),
    }


def capabilities_of(info: Mapping[str, Any]) -> list[str]:
    """What it can be asked for, in Ollama's terms."""
    able = info.get("capabilities", {})
    if not able.get("generate"):
        return ["embedding"] if able.get("embed") else []
    template = _template(info)
    special = info.get("special_tokens", {})
    found = {
        "tools": "tools" in template,
        "insert": "fim_pre" in special and "fim_suf" in special,
        "thinking": any(word in template for word in THINKING),
    }
    return ["completion", *(name for name, there in found.items() if there)]


def can_think(model: StoredModel) -> bool:
    """Whether its template has a place for thoughts. Raises LLModelError."""
    return "thinking" in capabilities_of(inspected(model))


def first_token(model: StoredModel) -> int | None:
    """The token with which its inputs begin, if there is one. Raises LLModelError."""
    info = inspected(model)
    return info.get("special_tokens", {}).get("bos", {}).get("id") if info.get("add_bos") else None


def _template(info: Mapping[str, Any]) -> str:
    return " ".join([info.get("chat_template") or "", *info.get("chat_templates", {}).values()])


@functools.lru_cache(maxsize=KEPT)
def _inspected(path: str, size: int, written: int) -> Mapping[str, Any]:
    return inspect(path)


def _count(number: int) -> str:
    """7.6B, 135.0M."""
    for letter, unit in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if number >= unit:
            return f"{number / unit:.1f}{letter}"
    return str(number)
