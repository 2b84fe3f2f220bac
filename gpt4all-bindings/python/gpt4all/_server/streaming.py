"""Answers that are sent while they are written."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi.responses import JSONResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .errors import Failure, failure_of
from .logs import log_failure
from .several import Several
from .workers.frames import Frame
from .workers.worker import Answer

EVENT_STREAM = "text/event-stream"
# Proxies are asked not to collect events.
UNBUFFERED = {"cache-control": "no-cache", "x-accel-buffering": "no"}

# Made once: json.dumps() would make an encoder for each token.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Writer(ABC):
    """Writes an API's stream of one answer."""

    media_type = EVENT_STREAM

    def begin(self) -> bytes:
        """What comes first, once it is known that there will be an answer."""
        return b""

    @abstractmethod
    def write(self, frame: Frame) -> bytes:
        """What a frame becomes; nothing if the API has no place for it."""

    @abstractmethod
    def fail(self, failure: Failure) -> bytes:
        """What tells of an error in the midst of the answer."""

    @abstractmethod
    def failure_body(self, failure: Failure) -> dict[str, Any]:
        """The body of an error that comes before the answer."""


class StreamedAnswer(Response):
    """Sends what a writer makes of an answer, or of several.

    ask: of Inference.ask(), or Several.

    An error before the first token is an answer of its own, with its status. All is done while it is sent, so that
    nothing stays behind if the client goes away at any moment.
    """

    def __init__(self, ask: AbstractAsyncContextManager[Answer | Several], writer: Writer) -> None:
        super().__init__()
        self._ask = ask
        self._writer = writer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        try:
            async with self._ask as answer:
                while frames := await answer.batch():
                    data = b"".join(map(self._writer.write, frames))
                    if not begun:
                        begun = True
                        await send(self._start())
                        data = self._writer.begin() + data
                    if data:
                        await send({"type": "http.response.body", "body": data, "more_body": True})
        except Exception as error:
            log_failure(error)
            failure = failure_of(error)
            if not begun:
                response = JSONResponse(self._writer.failure_body(failure), failure.status, failure.headers)
                await response(scope, receive, send)
                return
            await send({"type": "http.response.body", "body": self._writer.fail(failure), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self) -> dict[str, Any]:
        headers = {"content-type": self._writer.media_type, **UNBUFFERED}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        return {"type": "http.response.start", "status": 200, "headers": encoded}


def event(data: object) -> bytes:
    """A server-sent event whose data is JSON: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    return b"data: " + compact(data) + b"\n\n"


def compact(data: object) -> bytes:
    """JSON without spaces."""
    return _encode(data).encode("utf-8")
