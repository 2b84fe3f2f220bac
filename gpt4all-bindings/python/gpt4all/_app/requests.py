"""The latest requests, for the page about the server."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from .._server.access.middleware import App, Message, Receive, Scope, Send
from .schemas.state import ServerRequest

KEPT = 200


class Requests:
    """Those to the APIs for programs, without what they asked. The page's own are not counted among them."""

    def __init__(self) -> None:
        self._latest: deque[ServerRequest] = deque(maxlen=KEPT)

    def latest(self) -> list[ServerRequest]:
        """The newest first."""
        return list(reversed(self._latest))

    def noted(self, app: App) -> App:
        """An application whose requests are kept in mind."""

        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            begun, moment, status = time.monotonic(), time.time(), 499

            async def sending(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                milliseconds = round((time.monotonic() - begun) * 1000)
                known: dict[str, Any] = {"time": moment, "method": scope["method"], "path": scope["path"][:200]}
                self._latest.append(ServerRequest(**known, status=status, ms=milliseconds))

        return noting
