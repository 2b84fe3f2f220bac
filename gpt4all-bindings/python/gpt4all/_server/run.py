"""A server as a program: it listens, says where, and stops when it is told to, after what runs has ended."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from .._errors import LLModelIOError
from .._library import load
from .app import create_app
from .settings import ServerSettings
from .upgrades import Protocol

BACKLOG = 2048


def listen(settings: ServerSettings) -> list[socket.socket]:
    """Sockets for all addresses, on one port. All but the first are left out if the machine does not have them.

    Raises LLModelIOError for an address that cannot be had.
    """
    port, sockets = settings.port, list[socket.socket]()
    try:
        for host in settings.host:
            made = _bound(host, port, optional=bool(sockets))
            if made is not None:
                sockets.append(made)
                port = made.getsockname()[1]
    except BaseException:
        for made in sockets:
            made.close()
        raise
    return sockets


def _bound(host: str, port: int, optional: bool) -> socket.socket | None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        made = socket.socket(family, kind)
    except OSError as error:
        raise LLModelIOError(f"cannot listen on {host}: {error.strerror or error}") from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        if optional and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return None
        hint = "; another program uses it, choose one with --port" if error.errno == errno.EADDRINUSE else ""
        raise LLModelIOError(f"cannot listen on {host} port {port}: {error.strerror}{hint}") from error
    return made


def addresses(settings: ServerSettings, sockets: list[socket.socket]) -> list[str]:
    """Where the server can be reached."""
    scheme = "https" if settings.certificate else "http"
    names = [made.getsockname() for made in sockets]
    return [f"{scheme}://{f'[{name[0]}]' if ':' in name[0] else name[0]}:{name[1]}" for name in names]


def serve(settings: ServerSettings, started: Callable[[list[str]], None] = lambda _: None) -> None:
    """Serves until SIGINT or SIGTERM. started: is told the addresses.

    Raises LLModelError for settings that are not safe, and for addresses that cannot be had.
    """
    load()  # rather than with the first request
    app = create_app(settings)
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(made) for made in listen(settings)]
        started(addresses(settings, sockets))
        server_of(app, settings).run(sockets)


def server_of(app: FastAPI, settings: ServerSettings, ending: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server that has not begun. ending: is called when it is told to stop, before what runs is waited for."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
        timeout_graceful_shutdown=round(settings.drain_seconds),
        lifespan="on",
    )
    return _Server(config, ending)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)
