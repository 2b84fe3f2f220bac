"""What a program can serve beside the APIs, under the same address and behind the same checks."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from .access.middleware import App, Scope
from .errors import Failure


class Extension(Protocol):
    """An addition to the server."""

    def around(self, app: App) -> App:
        """An ASGI application that answers what is its own, and leaves the rest to the APIs."""

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Entered when the server starts, and left when it ends, while models can still be asked."""

    def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Instead of the check of API keys. Raises RequestError 401 or 403."""

    def body(self, failure: Failure, path: str) -> dict[str, Any] | None:
        """The body of an error, if the path is its own."""
