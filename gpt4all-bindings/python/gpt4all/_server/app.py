"""The application: all APIs, over one set of models."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .._errors import LLModelError
from .._version import version
from . import failures, health, metrics
from .access.middleware import Access, Refuse, Scope
from .access.record import Record, id_of
from .anthropic import messages
from .errors import Failure, RequestError, failure_of
from .extension import Extension
from .inference import Inference
from .llama_server import api as llama_server
from .logs import log_failure, logger
from .ollama import api as ollama
from .openai import chat, completions, embeddings, rerank
from .openai import models as openai_models
from .openai.responses import endpoints as responses
from .openapi import page
from .openapi.document import Application
from .settings import ServerSettings
from .streaming import compact


def create_app(settings: ServerSettings, id_header: str | None = None) -> FastAPI:
    """The application.

    id_header: in lower case, a header in which a proxy gives each request its id, and which it puts on answers itself.

    Raises InvalidArgumentError for settings that are not safe; RequestError for unknown models.
    """
    return extended_app(settings, id_header, None)


def extended_app(
    settings: ServerSettings, id_header: str | None, extend: Callable[[Inference], Extension] | None
) -> FastAPI:
    """As create_app().

    extend: makes what is served beside the APIs, of the models that they have.

    Raises InvalidArgumentError for settings that are not safe; RequestError for unknown models.
    """
    settings.check()
    inference = Inference(settings)
    extension = extend(inference) if extend else None

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        inference.pool.start()
        preloading = asyncio.create_task(_preload(inference))
        async with extension.lifespan() if extension else contextlib.nullcontext():
            yield
        preloading.cancel()
        await inference.pool.close()

    app = Application(title="GPT4All", version=version(), lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.inference = inference
    apis = (chat, completions, embeddings, llama_server, messages, ollama, openai_models, rerank, responses)
    for api in apis:
        app.include_router(api.routes(inference))
    _handle_errors(app)
    app.include_router(metrics.routes(inference.metrics))
    app.include_router(health.routes(inference))
    app.include_router(page.routes())
    # The last is the first that a request comes to.
    if extension is not None:
        app.add_middleware(extension.around)
    app.add_middleware(
        Access, settings=settings, refuse=_refusing(extension), admit=extension.admit if extension else None
    )
    app.add_middleware(Record, metrics=inference.metrics, id_header=id_header)
    return app


async def _preload(inference: Inference) -> None:
    try:
        await inference.preload()
    except (LLModelError, RequestError) as error:
        logger.error("a model cannot be opened at the start: %s", error)


def _handle_errors(app: FastAPI) -> None:
    async def failed(request: Request, error: Exception) -> Response:
        log_failure(error)
        return _response(request, failure_of(error))

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _response(
            request,
            Failure(
                error.status_code,
                f"{request.method} {request.url.path}: {error.detail}",
                "invalid_request_error",
                headers=dict(error.headers or {}),
            ),
        )

    for kind in (RequestError, LLModelError, Exception):
        app.add_exception_handler(kind, failed)
    app.add_exception_handler(HTTPException, refused)


def _response(request: Request, failure: Failure) -> Response:
    return JSONResponse(_body(request.scope, failure), failure.status, failure.headers)


def _refusing(extension: Extension | None) -> Refuse:
    def refused(error: RequestError, scope: Scope) -> tuple[int, bytes, dict[str, str]]:
        headers = {"content-type": "application/json", **error.failure.headers}
        own = extension.body(error.failure, scope["path"]) if extension else None
        return error.failure.status, compact(own or _body(scope, error.failure)), headers

    return refused


def _body(scope: MutableMapping[str, Any], failure: Failure) -> dict[str, Any]:
    return failures.body(failure, scope["path"], id_of(scope))
