"""POST /api/show: what a model's file says."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from ..inference import Inference
from ..openai.bodies import take
from ..store import StoredModel
from .description import capabilities_of, details_of, inspected, modified
from .requests import read_named, refuse_rest
from .schemas import SHOW

OPTIONS = ("temperature", "top_k", "top_p", "min_p", "typical_p", "repeat_last_n", "repeat_penalty")


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.post("/api/show", summary="Describe a model", openapi_extra=SHOW.operation())
    async def show(request: Request) -> dict[str, Any]:
        named, body = await read_named(request, inference)
        take(body, "verbose", bool, False)
        refuse_rest(body)
        return await run_in_threadpool(described, named.model)

    return router


def described(model: StoredModel) -> dict[str, Any]:
    """All that there is to tell. Raises LLModelError for a file that is no model."""
    info = inspected(model)
    parameters = _parameters(info.get("sampling", {}))
    lines = [f"FROM {model.id}", *(f"PARAMETER {line}" for line in parameters)]
    return {
        "modelfile": "\n".join(lines),
        "parameters": "\n".join(parameters),
        "template": info.get("chat_template") or "",
        "license": info.get("license", ""),
        "details": details_of(info),
        "model_info": {**_metadata(info.get("metadata", {})), "general.parameter_count": info.get("n_params")},
        "capabilities": capabilities_of(info),
        "modified_at": modified(model),
    }


def _parameters(sampling: dict[str, Any]) -> list[str]:
    """What the model's makers say of sampling."""
    return [
        f"{name:<30} {sampling[name]['value']}"
        for name in OPTIONS
        if name in sampling and sampling[name]["source"] != "default"
    ]


def _metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Of long arrays only that they are there, as Ollama has it."""
    return {
        key: None if isinstance(value, dict) else value
        for key, value in metadata.items()
        if not key.startswith("tokenizer.chat_template")
    }
