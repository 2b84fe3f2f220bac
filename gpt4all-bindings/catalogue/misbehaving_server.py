#!/usr/bin/env python3
"""A local HTTP server that does to downloads what servers, proxies and networks do, as the address asks for it.

Usage: python3 misbehaving_server.py [--port 0]

Prints one line of JSON, {"url": …, "other_url": …}, and serves until its standard input ends. Standard library only.
README.md beside this file says what can be asked of it; misbehaving_answers.py has the ways to answer.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import json
import re
import sys
import threading
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from misbehaving_answers import Answer

_HUB = re.compile(r"/[^/]+/([^/]+)/resolve/([^/]+)/(\d+/[^/]+/[^/]+)")
_FILE = re.compile(r"/([^/]+)/(\d+)/([^/]+)/([^/]+)")
_LIST = re.compile(r"/api/models/[^/]+/([^/]+)/tree/[^/]+/(\d+)/([^/]+)")


def content_of(name: str, size: int, version: int = 0) -> bytes:
    """What the file of that id has in it: as many bytes of SHAKE128 of the id, a space and the version as it has."""
    return hashlib.shake_128(f"{name} {version}".encode()).digest(size)


@dataclass
class Asked:
    """One request, as it came. listener: "url" or "other_url"."""

    listener: str
    id: str
    path: str
    headers: dict[str, str]
    step: str


@dataclass
class State:
    """What the server remembers."""

    other: str = ""  # where redirects of the hub, and of "away", lead
    hub_tells_hash: bool = True
    steps: collections.Counter[str] = field(default_factory=collections.Counter)
    turns: collections.Counter[str] = field(default_factory=collections.Counter)
    versions: collections.Counter[str] = field(default_factory=collections.Counter)
    calm: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # whole answers, for tests in this process
    lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self) -> None:
        """Makes it a server that was asked nothing yet."""
        with self.lock:
            for each in (self.steps, self.turns, self.versions, self.calm, self.asked):
                each.clear()


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    state: State
    listener: str

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        with contextlib.suppress(OSError):  # the client has gone
            self._route(path)

    def _route(self, path: str) -> None:
        state = self.state
        if path == "/stats":
            with state.lock:
                stats = {"steps": dict(state.steps), "ranges": sum("Range" in one.headers for one in state.asked)}
            self._json(stats)
        elif path == "/requests":
            with state.lock:
                asked = [asdict(one) for one in state.asked]
            self._json(asked)
        elif path == "/reset":
            state.forget()
            self._json({})
        elif path.startswith("/calm/"):
            state.calm.add(path.removeprefix("/calm/"))
            self._json({})
        elif path in state.pages:
            self._note("", path, "page")
            self._page(*state.pages[path])
        elif found := _HUB.fullmatch(path):
            self._hub(found)
        elif found := _LIST.fullmatch(path):
            self._list(found)
        elif found := _FILE.fullmatch(path):
            self._file(path, found)
        else:
            self.send_error(404)

    def _note(self, id_: str, path: str, step: str) -> None:
        with self.state.lock:
            self.state.asked.append(Asked(self.listener, id_, path, dict(self.headers.items()), step))

    def _json(self, value: Any) -> None:
        self._page("application/json", json.dumps(value).encode())

    def _page(self, content_type: str, body: bytes) -> None:
        self._head(200, {"Content-Type": content_type, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _hub(self, found: re.Match[str]) -> None:
        name, rest = found.group(1), found.group(3)
        size = int(rest.split("/")[0])
        self._note(name, found.group(), "hub")
        version = self.state.versions[name]
        sha256 = hashlib.sha256(content_of(name, size, version)).hexdigest()
        told = {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(size)} if self.state.hub_tells_hash else {}
        location = f"{self.state.other}/{name}/{rest}"
        self._head(302, {"Location": location, "Content-Length": "0", "X-Repo-Commit": "c0ffee", **told})

    def _list(self, found: re.Match[str]) -> None:
        name, size, script = found.group(1), int(found.group(2)), found.group(3)
        sha256 = hashlib.sha256(content_of(name, size, self.state.versions[name])).hexdigest()
        row = {"type": "file", "path": f"{size}/{script}/m.gguf", "size": size, "lfs": {"oid": sha256, "size": size}}
        self._json([row])

    def _file(self, path: str, found: re.Match[str]) -> None:
        name, size, steps = found.group(1), int(found.group(2)), found.group(3).split("+")
        with self.state.lock:
            turn = self.state.turns[name]
            self.state.turns[name] += 1
            step = "good" if name in self.state.calm or turn >= len(steps) else steps[turn]
            self.state.steps[step.partition("-")[0]] += 1
            if step.startswith("change"):
                self.state.versions[name] += 1
            version = self.state.versions[name]
        self._note(name, path, step)
        kind, _, number = step.partition("-")
        answer = Answer(self, self.state, content_of(name, size, version), f'"{name}-{version}"', int(number or 0))
        getattr(answer, kind)()


class _Threads(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that went away, for whom this is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class MisbehavingServer:
    """The server, running in threads of this process for a `with` block. url: where, without a slash at the end.

    state: of another listener, to be asked at two addresses for the same files.
    """

    def __init__(self, port: int = 0, *, state: State | None = None, listener: str = "url") -> None:
        self.state = state or State()
        handler = type("BoundHandler", (Handler,), {"state": self.state, "listener": listener})
        self._server = _Threads(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> MisbehavingServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def file(self, name: str, size: int, script: str = "good", file: str = "m.gguf") -> str:
        """The address of a file."""
        return f"{self.url}/{name}/{size}/{script}/{file}"

    def steps(self) -> list[str]:
        """The steps that were answered, in order."""
        with self.state.lock:
            return [one.step for one in self.state.asked]


def main() -> None:
    """Serves at two addresses until standard input ends."""
    parser = argparse.ArgumentParser(description="A server that misbehaves as its addresses say.")
    parser.add_argument("--port", type=int, default=0, help="of the first address; a free one if not given")
    server = MisbehavingServer(parser.parse_args().port)
    other = MisbehavingServer(state=server.state, listener="other_url")
    server.state.other = other.url
    with server, other:
        print(json.dumps({"url": server.url, "other_url": other.url}), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
