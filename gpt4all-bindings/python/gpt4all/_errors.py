"""The exceptions: one class for each failing status of the C API."""

from __future__ import annotations

import contextlib
import os
import reprlib
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, ClassVar


class Status(IntEnum):
    """The statuses of the C API. The values are stable."""

    OK = 0
    TIMEOUT = 1
    INVALID_ARGUMENT = 2
    NOT_FOUND = 3
    IO = 4
    INVALID_MODEL = 5
    UNSUPPORTED = 6
    OUT_OF_MEMORY = 7
    CONTEXT_OVERFLOW = 8
    TEMPLATE_ERROR = 9
    GRAMMAR_ERROR = 10
    CANCELLED = 11
    CLOSED = 12
    INTERNAL = 13


class LLModelError(Exception):
    """The base class of every failure. `str(error)` says what happened and what to do.

    status: the kind of failure, the same in every language.
    detail: details, such as {"path": "/temperature"}; may be empty.
    """

    status: ClassVar[Status] = Status.INTERNAL

    def __init__(self, message: str, detail: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail: dict[str, Any] = dict(detail or {})

    def __str__(self) -> str:
        # OSError and ImportError would put their own attributes in front.
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.detail)


class InvalidArgumentError(LLModelError, ValueError):
    """An option or request has an unknown key, a wrong type or a value out of range."""

    status = Status.INVALID_ARGUMENT


class ModelNotFoundError(LLModelError, FileNotFoundError):
    """The named file, adapter or slot does not exist."""

    status = Status.NOT_FOUND


class LLModelIOError(LLModelError, OSError):
    """Reading or writing failed: permissions, a full disk, a vanished file."""

    status = Status.IO


class InvalidModelError(LLModelError, RuntimeError):
    """The file is truncated, corrupt or not of a known format."""

    status = Status.INVALID_MODEL


class UnsupportedError(LLModelError, NotImplementedError):
    """The request is well-formed, but this library or this model cannot do it."""

    status = Status.UNSUPPORTED


class OutOfMemoryError(LLModelError, MemoryError):
    """It does not fit into memory, or into the given budget."""

    status = Status.OUT_OF_MEMORY


class ContextOverflowError(LLModelError, ValueError):
    """The prompt is longer than the context."""

    status = Status.CONTEXT_OVERFLOW


class TemplateError(LLModelError):
    """The chat template cannot be parsed or rendered, or runs without end."""

    status = Status.TEMPLATE_ERROR


class GrammarError(LLModelError):
    """The grammar or JSON Schema cannot be parsed or turned into a grammar."""

    status = Status.GRAMMAR_ERROR


class CancellationError(LLModelError):
    """The request was cancelled, or its model was closed while it ran."""

    status = Status.CANCELLED


class ClosedError(LLModelError, ValueError):
    """The model or task is already closed, or belongs to this process's parent."""

    status = Status.CLOSED


class InternalError(LLModelError, RuntimeError):
    """A defect in the library or in llama.cpp. Please report it."""

    status = Status.INTERNAL


class LibraryNotFoundError(LLModelError, ImportError):
    """libllmodel cannot be loaded. The message lists every place that was tried, and why it did not work."""

    status = Status.NOT_FOUND


class ResponseFormatError(LLModelError, ValueError):
    """The answer is not what response_format asked for: it was cut off, or a validator rejected it, whose error is the
    cause.

    detail: "text", the answer; "finish_reason"; "place", a JSON pointer to what was rejected, if known; "invalid", with
    strict=False: what is not valid.
    """

    status = Status.UNSUPPORTED


class ToolRoundsError(LLModelError, RuntimeError):
    """A run with tools reached its last round, and the model was still asking for calls.

    detail: "messages", the conversation so far; "rounds".
    """

    status = Status.UNSUPPORTED


class BusyError(LLModelError, RuntimeError):
    """Two threads or asyncio tasks waited at once for a stream or task that serves only one."""

    status = Status.INVALID_ARGUMENT


class SessionBusyError(BusyError):
    """A session was asked for an answer, or to change its history, while giving an answer."""


CLASSES: dict[int, type[LLModelError]] = {
    class_.status: class_
    for class_ in (
        InvalidArgumentError,
        ModelNotFoundError,
        LLModelIOError,
        InvalidModelError,
        UnsupportedError,
        OutOfMemoryError,
        ContextOverflowError,
        TemplateError,
        GrammarError,
        CancellationError,
        ClosedError,
        InternalError,
    )
}


def shown(value: object) -> str:
    """A value as an error may show it: short, however long or deep it is."""
    try:
        return reprlib.repr(value)
    except Exception:  # of a number with thousands of digits, or of a class of the caller's
        return f"a {type(value).__name__}"


def whole_number(value: object, name: str) -> int:
    """Raises InvalidArgumentError unless it is an integer."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgumentError(f"{name} is {shown(value)}; it must be an integer")
    return value


def real_number(value: object, name: str) -> float:
    """Raises InvalidArgumentError unless it is a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidArgumentError(f"{name} is {shown(value)}; it must be a number")
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidArgumentError(f"{name} is {shown(value)}, which is too large") from error


def checked_text(value: object, name: str) -> str:
    """Raises InvalidArgumentError unless it is a str."""
    if not isinstance(value, str):
        raise InvalidArgumentError(f"{name} is {shown(value)}; it must be a str")
    return value


@contextlib.contextmanager
def told_as_llmodel_errors(doing: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Turns an OSError into ModelNotFoundError or LLModelIOError, which say what was being done with which file."""
    try:
        yield
    except LLModelError:
        raise
    except OSError as error:
        kind = ModelNotFoundError if isinstance(error, FileNotFoundError) else LLModelIOError
        name = os.fspath(path)
        raise kind(f"{name}: {doing}: {error.strerror or error}", {"path": name, "errno": error.errno}) from error
