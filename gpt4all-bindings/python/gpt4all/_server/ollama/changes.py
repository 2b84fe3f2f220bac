"""POST /api/pull and DELETE /api/delete: what changes the store, if the server's owner lets requests do that."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from ... import models
from ...models import DownloadError, HuggingFaceSource
from ...models import find as find_in_catalogue
from ..errors import RequestError
from ..inference import Inference
from ..openai.bodies import read_all, take
from .answers import LINES
from .download import Download
from .requests import read_named, refuse_rest, take_name
from .schemas import DELETE, PULL


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Ollama"])

    @router.post("/api/pull", summary="Download a model", openapi_extra=PULL.operation(LINES))
    async def pull(request: Request) -> Response:
        body = await read_all(request)
        name = take_name(body).removesuffix(":latest")
        stream = take(body, "stream", bool, True)
        take(body, "insecure", bool, False)  # what comes is checked all the same
        refuse_rest(body)
        _check_allowed(inference)
        check_source(name)
        download = Download(name, inference.store.renew)
        # Whatever goes wrong at the beginning is an answer with a status.
        await download.begin()
        if stream:
            return StreamingResponse(download.lines(), media_type=LINES)
        async for _ in download.lines():
            pass
        download.check()
        return JSONResponse({"status": "success"})

    @router.delete("/api/delete", summary="Delete a model's file", openapi_extra=DELETE.operation())
    async def delete(request: Request) -> Response:
        named, body = await read_named(request, inference)
        refuse_rest(body)
        _check_allowed(inference)
        await inference.pool.unload(named.model.path)
        try:
            await run_in_threadpool(models.remove, named.model.path)
        except DownloadError as error:
            raise RequestError(409, error.message) from None
        finally:
            inference.store.renew()
        return Response(status_code=200)

    return router


def check_source(name: str) -> None:
    """Raises RequestError 400 for what does not come from the catalogue or from Hugging Face: a request must not choose
    which machines the server talks to."""
    if name.startswith("hf://") or find_in_catalogue(name) is not None:
        return
    if "/" in name:
        form = HuggingFaceSource("owner/repository", "file.gguf", "main")
        raise RequestError(400, f"{name!r} cannot be downloaded; give a name from the catalogue, or {form}")


def _check_allowed(inference: Inference) -> None:
    if not inference.settings.downloads:
        raise RequestError(
            403,
            "this server does not let requests change its models; its owner can allow it with "
            "`gpt4all serve --downloads`, or use `gpt4all pull` and `gpt4all rm`",
            code="downloads_not_allowed",
        )
