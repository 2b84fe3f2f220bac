"""Errors as the page gets them: what happened, and what can be done."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .._errors import LLModelError
from .._server.errors import Failure, RequestError, failure_of
from .._server.logs import log_failure
from .codes import Remedy
from .schemas.base import Error, RemedyCode

# By the error's code.
REMEDIES: dict[str, tuple[Remedy, ...]] = {
    "out_of_memory": (Remedy.CHOOSE_SMALLER, Remedy.LOWER_CONTEXT, Remedy.CLOSE_OTHERS),
    "invalid_model": (Remedy.DOWNLOAD_AGAIN, Remedy.CHOOSE_OTHER_FILE, Remedy.UPDATE),
    "model_crashed": (Remedy.TRY_AGAIN_REOPENED, Remedy.LOWER_CONTEXT, Remedy.CHOOSE_OTHER_MODEL),
    "model_crashing": (Remedy.WAIT, Remedy.DOWNLOAD_AGAIN_DAMAGED, Remedy.CHOOSE_OTHER_MODEL),
    "model_not_found": (Remedy.CHOOSE_INSTALLED_MODEL, Remedy.DOWNLOAD_MODEL),
    "collection_not_found": (Remedy.CHOOSE_DOCUMENTS, Remedy.ADD_DOCUMENTS),
    "context_length_exceeded": (Remedy.RAISE_CONTEXT, Remedy.SHORTEN_MESSAGE, Remedy.BEGIN_NEW_CHAT),
    "invalid_template": (Remedy.CORRECT_TEMPLATE,),
    "invalid_schema": (Remedy.CORRECT_SCHEMA,),
    "session_needed": (Remedy.RUN_AGAIN,),
    "documents_missing": (Remedy.INSTALL_DOCUMENTS,),
    "documents_busy": (Remedy.END_DOCS_COMMAND,),
    "embedding_model_missing": (Remedy.DOWNLOAD_EMBEDDING_MODEL,),
    "reranker_missing": (Remedy.CHOOSE_RERANKER, Remedy.DOWNLOAD_RERANKER),
    "not_a_reranker": (Remedy.CHOOSE_RERANKER,),
    "confirmation_needed": (Remedy.CONFIRM_EMBEDDING,),
    "outside_of_roots": (Remedy.ADD_FOLDER, Remedy.MOVE_TO_HOME),
    "images_unsupported": (Remedy.ATTACH_TEXT,),
    "hub_unavailable": (Remedy.LOOK_AT_CONNECTION, Remedy.CHOOSE_FROM_CATALOGUE, Remedy.IMPORT_MODEL),
    "disk_full": (Remedy.FREE_SPACE, Remedy.DELETE_MODELS, Remedy.MOVE_DATA),
    "busy": (Remedy.STOP_ANSWER,),
}


def error_of(failure: Failure) -> Error:
    """What the page is told of an error."""
    return Error(
        message=failure.message,
        code=failure.code,
        param=failure.param,
        remedies=[],
    ).with_remedies(map(RemedyCode.of, REMEDIES.get(failure.code or "", ())))


def body(failure: Failure) -> dict[str, Any]:
    """The body of an answer that is an error."""
    return {"error": error_of(failure).model_dump()}


def handle(app: FastAPI) -> None:
    """Has an application answer with such bodies."""

    async def failed(request: Request, error: Exception) -> Response:
        log_failure(error)
        return _response(failure_of(error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        message = f"{place}: {first['msg']}" if place else str(first["msg"])
        return _response(Failure(400, message, "invalid_request_error", "invalid_request", place or None))

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = f"{request.method} {request.url.path[:200]}: {error.detail}"
        headers = dict(error.headers or {})
        return _response(Failure(error.status_code, message, "invalid_request_error", headers=headers))

    for kind in (RequestError, LLModelError, Exception):
        app.add_exception_handler(kind, failed)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)


def _response(failure: Failure) -> Response:
    return JSONResponse(body(failure), failure.status, failure.headers)
