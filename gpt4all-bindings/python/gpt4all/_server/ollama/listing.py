"""GET /api/tags and /api/ps: the models that there are, and those that are open."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from ..inference import Inference, resident_bytes
from .answers import timestamp
from .description import modified, summary

FOR_EVER = timedelta(days=36500)


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.head("/api/tags", include_in_schema=False)
    @router.get("/api/tags", summary="List the models that can be used")
    def tags() -> dict[str, Any]:
        listed = inference.store.list()
        return {"models": [{**summary(model), "modified_at": modified(model)} for model in listed]}

    @router.get("/api/ps", summary="List the models that are open")
    async def ps() -> dict[str, Any]:
        stored = {str(model.path): model for model in await run_in_threadpool(inference.store.list)}
        return {
            "models": [
                {**await run_in_threadpool(summary, stored[slot.path]), **_state(inference, slot)}
                for slot in inference.pool.slots
                if slot.path in stored
            ]
        }

    return router


def _state(inference: Inference, slot: Any) -> dict[str, Any]:
    """How it is open. size: bytes of memory; size_vram: those of them that are not the processor's."""
    left = inference.pool.seconds_left(slot)
    until = datetime.now(timezone.utc) + (FOR_EVER if math.isinf(left) else timedelta(seconds=max(0.0, left)))
    info = slot.worker.info
    memory = info.get("memory", {})
    elsewhere = sum(device["total"] for device in memory.get("devices", []) if device["name"] != "CPU")
    return {
        "size": memory.get("total") or resident_bytes(slot.worker.pid) or 0,
        "size_vram": elsewhere,
        "context_length": info.get("opened", {}).get("n_ctx", info.get("n_ctx_train", 0)),
        "expires_at": timestamp(until),
    }
