"""A real browser, and a site for it to visit. Names ending in .test mean this machine to it, as with DNS rebinding."""

from __future__ import annotations

import functools
import http.server
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import HERE

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SECONDS = 60


def program() -> str:
    """The browser; skips the test if there is none."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip("Chromium is not installed (Debian: chromium-headless-shell)")
    return found


def command(profile: Path, *options: str) -> list[str]:
    """How the browser is started. Nothing but this machine is there for it."""
    return [
        program(),
        "--headless",
        "--no-sandbox",  # which root cannot have, and which matters only for pages that are not our own
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        f"--user-data-dir={profile}",
        "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        *options,
    ]


def shown(profile: Path, url: str, *options: str) -> tuple[str, str]:
    """What an address shows once its scripts have run, as HTML; and what the browser told meanwhile."""
    asked = command(profile, "--enable-logging=stderr", *options, "--dump-dom", url)
    browser = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        seen, told = browser.communicate(timeout=SECONDS)
    except BaseException:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.communicate()
        raise
    assert browser.returncode == 0, told
    return seen, told


@dataclass(frozen=True)
class Site:
    """A site of somebody else's. port: where it is. told: what its pages report."""

    port: int
    told: queue.Queue[bytes]


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, told: queue.Queue[bytes], *given: object) -> None:
        self._told = told
        super().__init__(*given, directory=str(HERE / "pages"))  # type: ignore[arg-type]

    def do_POST(self) -> None:
        self._told.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def site() -> Iterator[Site]:
    """Serves the folder pages."""
    told: queue.Queue[bytes] = queue.Queue()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, told))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(server.server_port, told)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def report(profile: Path, visited: Site, url: str) -> bytes:
    """What a page of a site tells it."""
    # A group of its own: Debian's program is a script, whose end would leave the browser running.
    browser = subprocess.Popen(
        command(profile, "--remote-debugging-port=0", url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return visited.told.get(timeout=SECONDS)
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait(SECONDS)
