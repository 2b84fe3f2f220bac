"""GET /props: how a model is open."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from ..._version import version
from ..inference import Inference
from .choice import chosen


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["llama-server"])

    @router.get("/props", summary="How a model is open; it is opened if it is not")
    async def props(model: str = "") -> dict[str, Any]:
        named = await chosen(inference, model)
        async with inference.pool.use(named.path) as worker:
            info = worker.info
        opened, special = info.get("opened", {}), info.get("special_tokens", {})
        params = {name: default["value"] for name, default in info.get("sampling", {}).items()}
        return {
            "default_generation_settings": {"params": params, "n_ctx": opened.get("n_ctx", info["n_ctx_train"])},
            "total_slots": opened.get("n_parallel", 1),
            "model_alias": named.id,
            "model_path": named.id,
            "modalities": {"vision": False, "audio": False},
            "chat_template": info.get("chat_template") or "",
            "chat_template_caps": opened.get("template_capabilities", {}),
            "bos_token": special.get("bos", {}).get("text", ""),
            "eos_token": special.get("eos", {}).get("text", ""),
            "build_info": f"gpt4all {version()}",
        }

    return router
