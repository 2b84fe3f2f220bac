"""Requests without a prompt: they open a model, or close it."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from ..inference import Inference
from ..store import StoredModel
from .answers import LINES, Answered, line
from .requests import Generation


async def load(inference: Inference, model: StoredModel, asked: Generation, answered: Answered) -> Response:
    """Opens the model, and keeps it as long as was asked for; keep_alive: 0 closes it. Raises LLModelError."""
    if asked.keep_alive == 0:
        await inference.pool.unload(model.path)
        reason = "unload"
    else:
        async with inference.pool.use(model.path, asked.keep_alive):
            reason = "load"
    told = answered.empty(reason)
    return Response(line(told), media_type=LINES) if asked.stream else JSONResponse(told)
