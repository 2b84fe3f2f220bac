"""Errors as HTTP statuses, the same in all APIs; each API has a body of its own for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._errors import (
    BusyError,
    CancellationError,
    ContextOverflowError,
    GrammarError,
    InvalidArgumentError,
    InvalidModelError,
    LLModelError,
    ModelNotFoundError,
    OutOfMemoryError,
    TemplateError,
    UnsupportedError,
)
from .workers.back_off import CrashingError
from .workers.worker import WorkerCrashedError


class RequestError(Exception):
    """A request that cannot be answered.

    status: of HTTP. kind: OpenAI's `type`. code: OpenAI's `code`, or None. param: the field at fault, or None.
    headers: those of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.failure = Failure(status, message, kind, code, param, headers or {})


@dataclass(frozen=True)
class Failure:
    """As RequestError."""

    status: int
    message: str
    kind: str
    code: str | None = None
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


# The first that fits.
_KINDS: list[tuple[type[LLModelError], int, str, str | None]] = [
    (WorkerCrashedError, 503, "server_error", "model_crashed"),
    (CrashingError, 503, "server_error", "model_crashing"),
    (ContextOverflowError, 400, "invalid_request_error", "context_length_exceeded"),
    (ModelNotFoundError, 404, "invalid_request_error", "model_not_found"),
    (GrammarError, 400, "invalid_request_error", "invalid_schema"),
    (TemplateError, 400, "invalid_request_error", "invalid_template"),
    (InvalidArgumentError, 400, "invalid_request_error", None),
    (UnsupportedError, 400, "invalid_request_error", "unsupported"),
    (InvalidModelError, 500, "server_error", "invalid_model"),
    (OutOfMemoryError, 503, "server_error", "out_of_memory"),
    (BusyError, 503, "server_error", "busy"),
    (CancellationError, 503, "server_error", "cancelled"),
]


def failure_of(error: BaseException) -> Failure:
    """What a client is told of an error. Of those that are none of ours, only that there was one."""
    if isinstance(error, RequestError):
        return error.failure
    if not isinstance(error, LLModelError):
        return Failure(500, "the server failed; its log says why", "server_error")
    if "worker" in error.detail:
        return _worker_failure(error)
    if error.detail.get("reopen"):  # its process ends
        return Failure(503, error.message, "server_error", "model_crashed", headers=_headers(error, 503))
    for kind, status, name, code in _KINDS:
        if isinstance(error, kind):
            return Failure(status, error.message, name, code, _param(error), _headers(error, status))
    return Failure(500, error.message, "server_error")


def _worker_failure(error: LLModelError) -> Failure:
    """Of a model that other machines have parts of: it is opened again when it is asked for again."""
    lost = error.detail.get("reopen")
    worker = error.detail["worker"]
    message = f"the worker {worker} was lost; the request was not answered. Please try again" if lost else error.message
    return Failure(503, message, "server_error", "worker_unavailable", None, _headers(error, 503))


def _param(error: LLModelError) -> str | None:
    """The field at fault in OpenAI's notation: messages[0].content of /messages/0/content."""
    pointer: Any = error.detail.get("path")
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        return None
    text = ""
    for part in pointer[1:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        text += f"[{name}]" if name.isdigit() else f".{name}" if text else name
    return text


def _headers(error: LLModelError, status: int) -> dict[str, str]:
    if status != 503:
        return {}
    return {"Retry-After": str(max(1, round(error.detail.get("retry_after", 1))))}
