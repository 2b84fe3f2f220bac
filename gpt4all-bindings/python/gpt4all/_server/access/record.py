"""A line of the log and an id for each request."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from ..logs import logger
from ..metrics import Metrics
from .middleware import App, Message, Receive, Scope, Send

# What a log can be searched for. A client may choose it where a proxy leaves it the choice.
ID = re.compile(r"[\w.-]{1,100}", re.ASCII)


class Record:
    """An ASGI application around another: counts requests, and logs method, path, status and time of each, as JSON.

    id_header: a header in which a proxy gives each request its id, and which it puts on answers itself.
    """

    def __init__(self, app: App, metrics: Metrics, id_header: str | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._id_header = id_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()
        id = scope.setdefault("state", {})["request_id"] = self._id(scope)
        # OpenAI's, Anthropic's
        ids = [(name.encode(), id.encode()) for name in ("x-request-id", "request-id") if name != self._id_header]
        status = 499  # it went away before it was answered, as nginx has it

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), *ids]}
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._metrics.requests.labels(_method(scope), str(status)).inc()
            line = {"request": id, "method": _method(scope), "path": scope["path"], "status": status}
            logger.info("%s", json.dumps({**line, "ms": round((time.monotonic() - begun) * 1000)}))

    def _id(self, scope: Scope) -> str:
        if self._id_header is not None:
            headers: dict[bytes, bytes] = dict(scope["headers"])
            given = headers.get(self._id_header.encode(), b"").decode("latin-1")
            if ID.fullmatch(given):
                return given
        return f"req_{secrets.token_hex(12)}"


def id_of(scope: MutableMapping[str, Any]) -> str:
    """The request's id."""
    id: str = scope["state"]["request_id"]
    return id


def _method(scope: Scope) -> str:
    """One of a few, since every new one would be a new counter."""
    method: str = scope["method"]
    return method if method in ("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH") else "OTHER"
