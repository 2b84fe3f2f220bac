"""The application as a program: it takes the data folder, listens, and opens the page."""

from __future__ import annotations

import contextlib
import importlib
import socket
import threading
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable
from typing import Any

from .._errors import InvalidArgumentError, LLModelIOError
from .._library import load
from .._server.run import addresses, listen, server_of
from .._server.settings import ServerSettings
from .app import Application, create_app
from .lock import AlreadyRunningError, Instance
from .sessions import Sessions
from .settings import AppSettings

READY_SECONDS = 30.0


def run(settings: AppSettings | None = None, say: Callable[[str], None] = lambda _: None) -> None:
    """Serves the application until SIGINT or SIGTERM, or until its window is closed.

    If another process does that already with the same data folder, its page is opened instead. say: is told what a
    person should know, such as the address.

    Raises AlreadyRunningError if that process is just starting; other LLModelErrors for what cannot be had.
    """
    chosen = settings or AppSettings()
    window = _window() if chosen.desktop else None
    try:
        instance = Instance(chosen.place)
    except AlreadyRunningError as error:
        if error.address is None:
            raise
        address = _with_token(error.address, Sessions(chosen.place))
        say(f"the application runs already; opening {error.address}" if chosen.browser else f"open {address}")
        _open(chosen, window, address)
        return
    with instance:
        _serve(chosen, instance, window, say)


def _serve(settings: AppSettings, instance: Instance, window: Any, say: Callable[[str], None]) -> None:
    load()  # rather than with the first request
    app = create_app(settings)
    application: Application = app.state.application
    with contextlib.ExitStack() as stack:
        server, sockets = _listening(settings)
        for made in sockets:
            stack.enter_context(made)
        known = addresses(server, sockets)
        application.services.addresses = known
        instance.tell(known[0])
        address = _with_token(known[0], application.services.sessions)
        say(f"serving the application on {known[0]}" if settings.browser else f"open {address}")
        running = server_of(app, server, application.services.end)
        if window is None:
            if settings.browser:
                threading.Thread(target=_open_when_ready, args=(known[0], address), daemon=True).start()
            running.run(sockets)
            return
        serving = threading.Thread(target=running.run, args=(sockets,))
        serving.start()
        try:
            _wait(known[0])
            _open(settings, window, address)
        finally:
            running.should_exit = True
            serving.join()


def _listening(settings: AppSettings) -> tuple[ServerSettings, list[socket.socket]]:
    """The usual port, or a free one if that is taken and nobody asked for it."""
    server = settings.server()
    try:
        return server, listen(server)
    except LLModelIOError:
        if settings.port is not None:
            raise
        server = settings.server(port=0)
        return server, listen(server)


def _with_token(address: str, sessions: Sessions) -> str:
    return f"{address}/#token={sessions.token()}"


def _open_when_ready(base: str, address: str) -> None:
    if _wait(base):
        webbrowser.open(address)


def _wait(base: str) -> bool:
    """Waits until the server answers."""
    pause = threading.Event()
    for _ in range(round(READY_SECONDS / 0.1)):
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(f"{base}/health", timeout=5).close()
            return True
        pause.wait(0.1)
    return False


def _open(settings: AppSettings, window: Any, address: str) -> None:
    if window is not None:
        window.create_window("GPT4All", address, width=1200, height=800)
        window.start()
    elif settings.browser:
        webbrowser.open(address)


def _window() -> Any:
    """pywebview. Raises InvalidArgumentError if it is not installed."""
    try:
        return importlib.import_module("webview")
    except ImportError as error:
        raise InvalidArgumentError(
            "a window of its own needs the package pywebview; install it with: pip install 'gpt4all[desktop]'"
        ) from error
