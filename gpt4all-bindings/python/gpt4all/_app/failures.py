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
from .schemas.base import Error

# By the error's code.
REMEDIES: dict[str, tuple[str, ...]] = {
    "out_of_memory": (
        "Choose a smaller model, or a smaller quantisation of this one.",
        "Lower the context in the settings.",
        "Close other models and programs.",
    ),
    "invalid_model": (
        "Download the model again.",
        "Choose another file; this one may be damaged or of an unknown kind.",
        "Update gpt4all, if the file is newer than this release.",
    ),
    "model_crashed": (
        "Try again; the model is opened anew.",
        "Lower the context in the settings.",
        "Choose another model.",
    ),
    "model_crashing": (
        "Wait a moment, and try again.",
        "Download the model again; the file may be damaged.",
        "Choose another model.",
    ),
    "model_not_found": ("Choose a model that is installed.", "Download the model."),
    "collection_not_found": ("Choose other documents for this chat.", "Add the documents again, under that name."),
    "context_length_exceeded": (
        "Raise the context in the settings.",
        "Shorten the message or its attachments.",
        "Begin a new chat.",
    ),
    "invalid_template": ("Correct the template in the settings of the model or chat, or leave it empty.",),
    "invalid_schema": ("Correct the schema in the chat's settings.",),
    "session_needed": ("Run `gpt4all app` again; it opens the page anew.",),
    "documents_missing": ("Install them with: pip install 'gpt4all[documents]', and start the application again.",),
    "documents_busy": ("End `gpt4all docs` in the other window, and try again.",),
    "embedding_model_missing": ("Download the embedding model, under Models.",),
    "reranker_missing": ("Choose another reranker, or none, in the settings.", "Download it, under Models."),
    "not_a_reranker": ("Choose another reranker, or none, in the settings.",),
    "confirmation_needed": ("Confirm it, or keep the model that documents are embedded by.",),
    "outside_of_roots": ("Add its folder in the settings, under Further folders.", "Move it to your home folder."),
    "images_unsupported": ("Attach the text of the picture.",),
    "hub_unavailable": (
        "Look at the connection to the internet, and try again.",
        "Choose a model of the catalogue.",
        "Import a model from a file.",
    ),
    "disk_full": (
        "Free some space on that disk, and try again.",
        "Delete models that are no longer needed.",
        "Keep the data on another disk, with --data-folder.",
    ),
    "busy": ("Stop the answer that is being written, or wait for its end.",),
}


def error_of(failure: Failure) -> Error:
    """What the page is told of an error."""
    return Error(
        message=failure.message,
        code=failure.code,
        param=failure.param,
        remedies=list(REMEDIES.get(failure.code or "", ())),
    )


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
