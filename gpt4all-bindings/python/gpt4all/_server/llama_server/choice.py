"""Which model a request is for. llama-server has one, so its clients need not name any."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from ..errors import RequestError
from ..inference import Inference
from ..openai.bodies import read_all, take
from ..store import StoredModel


async def read_chosen(request: Request, inference: Inference) -> tuple[StoredModel, dict[str, object]]:
    """The model, and the rest of the body. Raises RequestError 400, 404."""
    body = await read_all(request)
    return await chosen(inference, take(body, "model", str, "")), body


async def chosen(inference: Inference, name: str) -> StoredModel:
    """The model of that name. Without a name the first that is preloaded, the only one that is open, or the only one
    that there is. Raises RequestError 404 if there is none of that name, 400 if there are several without one."""
    find = inference.store.find
    if name:
        return await run_in_threadpool(find, name)
    if inference.settings.preload:
        return await run_in_threadpool(find, inference.settings.preload[0])
    stored = await run_in_threadpool(inference.store.list)
    open = {slot.path for slot in inference.pool.slots}
    for some in ([model for model in stored if str(model.path) in open], stored):
        if len(some) == 1:
            return some[0]
    raise RequestError(
        400, 'there are several models: name one as "model", or start the server with one', param="model"
    )
