"""The application: the server's APIs, the page's API under /app/v1, and the page itself."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from .._server import app as server
from .._server.access.keys import key_of
from .._server.access.middleware import OPEN, App, Message, Receive, Scope, Send
from .._server.errors import Failure, RequestError
from .._server.inference import Inference
from . import failures, pages
from .routes import AREAS
from .schemas.base import ErrorBody
from .services import Services
from .settings import AppSettings

API = "/app/v1"
# What belongs to programs: no page is shown there.
PROGRAMS = (
    *("/api", "/app", "/v1", "/docs", "/health", "/metrics", "/openapi.json", "/ready"),
    *("/apply-template", "/completion", "/completions", "/detokenize", "/infill", "/props", "/tokenize"),
)
SESSION = f"{API}/session"
UNKEPT = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Application:
    """What the chat application adds to the server."""

    def __init__(self, settings: AppSettings, inference: Inference) -> None:
        self.services = Services.make(settings, inference)
        self.api = api(self.services)

    def around(self, app: App) -> App:
        """Answers the page's requests, and leaves the others to `app`."""
        programs = self.services.requests.noted(app)

        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["type"] == "http" else ""
            if is_below(path, (API,)):
                await adapted(self.api, {**scope, "root_path": API}, receive, _unkept(send))
            elif scope["type"] != "http":
                await app(scope, receive, send)
            elif is_page(scope):
                await adapted(pages.page(path), scope, receive, send)
            else:
                with self.services.opening.for_programs():
                    await (app if path in OPEN else programs)(scope, receive, send)

        return answering

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """What runs beside the requests."""
        return self.services.lifespan()

    def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """The page has its cookie, programs have keys. Without any keys, the APIs of the server need none, as it
        listens on this machine alone; what the application keeps is for the page alone then."""
        path = scope["path"]
        if is_page(scope) or path in OPEN or path == SESSION:
            return
        if self.services.sessions.known(headers.get(b"cookie", b"").decode("latin-1")):
            return
        if self.services.keys.accepts(key_of(headers)):
            return
        if is_below(path, (API,)):
            raise RequestError(401, "this page was not opened by the program", code="session_needed")
        if self.services.keys.any:
            raise RequestError(
                401,
                "give an API key, as `Authorization: Bearer KEY`",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def body(self, failure: Failure, path: str) -> dict[str, Any] | None:
        """Errors of the page's API."""
        return failures.body(failure) if is_below(path, (API,)) else None


async def adapted(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Calls an application of Starlette's, which has other names for the same types."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        await send(dict(message))

    await app(scope, receive, sending)


def _unkept(send: Send) -> Send:
    """Chats are not to lie in a browser's cache, nor to be taken for something else than they are."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", []))
            named = {name for name, _ in own}
            message = {**message, "headers": [*own, *(pair for pair in UNKEPT if pair[0] not in named)]}
        await send(message)

    return sending


def is_below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def is_page(scope: Scope) -> bool:
    """Whether a request is for the page or one of its files."""
    return scope["method"] in ("GET", "HEAD") and not is_below(scope["path"], PROGRAMS)


def create_app(settings: AppSettings | None = None) -> FastAPI:
    """The application, for a server of one's own. Its `state.application` is an Application.

    Raises UnsupportedError if the data folder is of a newer release.
    """
    chosen = settings or AppSettings()
    made: list[Application] = []

    def extend(inference: Inference) -> Application:
        made.append(Application(chosen, inference))
        return made[0]

    app = server.extended_app(chosen.server(), None, extend)
    app.state.application = made[0]
    return app


def api(services: Services) -> FastAPI:
    """The page's API by itself."""
    app = FastAPI(
        title="GPT4All: the chat application",
        version="1",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": API}],
        root_path_in_servers=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
        responses={"4XX": {"model": ErrorBody}, "5XX": {"model": ErrorBody}},
    )
    for area in AREAS:
        app.include_router(area.routes(services))
    failures.handle(app)
    return app
