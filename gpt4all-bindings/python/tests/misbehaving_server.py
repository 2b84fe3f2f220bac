"""A local HTTP server that does to downloads what servers, proxies and networks do, as the address asks for it.

The address /<id>/<size>/<script>/<name> is a file of <size> bytes, whose content follows from <id> and a version. Each
request of an <id> is answered by the next step of the script, steps being joined by "+"; when they run out, or after
/calm/<id>, every answer is good. The same file is at /<owner>/<id>/resolve/<revision>/<size>/<script>/<name> as the
Hugging Face hub would have it: a redirect that tells size and hash. /stats tells what was asked so far.

Steps, a number behind the dash where one is given (bytes, seconds or a status):

good            the right answer, to ranges as well
cut-N           closes the connection N bytes into the body; reset-N does so with a TCP reset
stall-N         sends N bytes and then nothing
drip            sends a byte now and then
slow            sends the right body in small pieces
hangup          closes the connection instead of an answer
garbage         answers something that is not HTTP
norange         answers a Range request with 200 and the whole file
partial200      answers a Range request with 200 and the rest only
badstart        answers a Range request from another byte than was asked for, and says so
shifted         answers a Range request with bytes 1 to as many as were asked for, and says so
lyingstart      badstart, but claims that it is the byte that was asked for
badtotal        answers a Range request with a wrong total size
norangeheader   answers 206 without a Content-Range
shortrange      answers a Range request with less than was asked for
refuse          answers 416
wrong           sends other bytes of the same number
truncated       sends a shorter file, with its length
extended        sends a longer file, with its length
overlong        sends more than the file in chunks, without a length
chunked         sends the right file in chunks, without a length
chunkcut-N      sends N bytes in chunks and closes the connection without the last chunk
nolength        sends the file without a length, ended by closing the connection
gzip            sends the file compressed
change          the file has a new version with a new ETag from here on
changeblind     the same, and If-Range is ignored, so that the rest of the new version is sent
weak            gives a weak ETag
status-N        answers with that status; wait-N with 429 and Retry-After: N
loop            redirects to itself
away            redirects to the same file at the other address the server was given
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import gzip
import hashlib
import json
import random
import re
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

_HUB = re.compile(r"/[^/]+/([^/]+)/resolve/([^/]+)/(\d+/[^/]+/[^/]+)")
_FILE = re.compile(r"/([^/]+)/(\d+)/([^/]+)/([^/]+)")
_LIST = re.compile(r"/api/models/[^/]+/([^/]+)/tree/[^/]+/(\d+)/([^/]+)")
_PIECE = 4096
_LONGEST_STALL = 30  # seconds; clients give up long before


def content_of(name: str, size: int, version: int = 0) -> bytes:
    """What the file of that id has in it."""
    return random.Random(f"{name} {version}").randbytes(size)


@dataclass
class Asked:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    step: str


@dataclass
class State:
    """What the server remembers."""

    other: str = ""
    hub_tells_hash: bool = True
    steps: collections.Counter[str] = field(default_factory=collections.Counter)
    turns: collections.Counter[str] = field(default_factory=collections.Counter)
    versions: collections.Counter[str] = field(default_factory=collections.Counter)
    calm: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    state: State

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
            self._page("application/json", json.dumps(stats).encode())
        elif path.startswith("/calm/"):
            state.calm.add(path.removeprefix("/calm/"))
            self._page("text/plain", b"calm")
        elif path in state.pages:
            with state.lock:
                state.asked.append(Asked(path, dict(self.headers.items()), "page"))
            self._page(*state.pages[path])
        elif found := _HUB.fullmatch(path):
            self._hub(found)
        elif found := _LIST.fullmatch(path):
            self._list(found)
        elif found := _FILE.fullmatch(path):
            self._file(path, found)
        else:
            self.send_error(404)

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
        with self.state.lock:
            self.state.asked.append(Asked(found.group(), dict(self.headers.items()), "hub"))
            version = self.state.versions[name]
        sha256 = hashlib.sha256(content_of(name, size, version)).hexdigest()
        told = {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(size)} if self.state.hub_tells_hash else {}
        location = f"{self.state.other}/{name}/{rest}"
        self._head(302, {"Location": location, "Content-Length": "0", "X-Repo-Commit": "c0ffee", **told})

    def _list(self, found: re.Match[str]) -> None:
        name, size, script = found.group(1), int(found.group(2)), found.group(3)
        sha256 = hashlib.sha256(content_of(name, size, self.state.versions[name])).hexdigest()
        row = {"type": "file", "path": f"{size}/{script}/m.gguf", "size": size, "lfs": {"oid": sha256, "size": size}}
        self._page("application/json", json.dumps([row]).encode())

    def _file(self, path: str, found: re.Match[str]) -> None:
        name, size, steps = found.group(1), int(found.group(2)), found.group(3).split("+")
        with self.state.lock:
            turn = self.state.turns[name]
            self.state.turns[name] += 1
            step = "good" if name in self.state.calm or turn >= len(steps) else steps[turn]
            self.state.steps[step.partition("-")[0]] += 1
            self.state.asked.append(Asked(path, dict(self.headers.items()), step))
            if step.startswith("change"):
                self.state.versions[name] += 1
            version = self.state.versions[name]
        kind, _, number = step.partition("-")
        answer = Answer(self, content_of(name, size, version), f'"{name}-{version}"', int(number or 0))
        getattr(answer, kind)()


class Answer:
    """The ways to answer a request for a file."""

    def __init__(self, handler: Handler, content: bytes, etag: str, number: int) -> None:
        self.handler = handler
        self.content = content
        self.etag = etag
        self.number = number
        self.asked = asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        condition = handler.headers.get("If-Range")
        self.start = int(asked.group(1)) if asked and condition in (None, etag) else 0
        self.is_range = bool(asked and condition in (None, etag))

    def good(self) -> None:
        if self.is_range and self.start >= len(self.content):
            self.refuse()
            return
        self._send(self._headers(), self.content[self.start :])

    change = good

    def _headers(self, **changes: str) -> dict[str, str]:
        size = len(self.content)
        headers = {"ETag": self.etag, "Accept-Ranges": "bytes", "Content-Length": str(size - self.start)}
        headers["X-Linked-Etag"] = f'"{"0" * 64}"'  # a lie: it is for the hub to say, not for who has the bytes
        if self.is_range:
            headers["Content-Range"] = f"bytes {self.start}-{size - 1}/{size}"
        headers.update({name.replace("_", "-"): value for name, value in changes.items()})
        return {name: value for name, value in headers.items() if value}

    def _send(self, headers: dict[str, str], body: bytes, status: int | None = None) -> None:
        self.handler._head(status or (206 if self.is_range else 200), headers)
        self.handler.wfile.write(body)
        self.handler.wfile.flush()

    def _close(self, *, reset: bool = False) -> None:
        self.handler.close_connection = True
        if reset:
            self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.handler.connection.close()
        else:
            self.handler.connection.shutdown(socket.SHUT_RDWR)

    def _stay_silent(self) -> None:
        self.handler.close_connection = True
        self.handler.connection.settimeout(_LONGEST_STALL)
        self.handler.connection.recv(1)  # until the client has had enough

    def cut(self) -> None:
        self._send(self._headers(), self.content[self.start :][: self.number])
        self._close()

    def reset(self) -> None:
        self._send(self._headers(), self.content[self.start :][: self.number])
        self._close(reset=True)

    def stall(self) -> None:
        self._send(self._headers(), self.content[self.start :][: self.number])
        self._stay_silent()

    def drip(self) -> None:
        self._send(self._headers(), b"")
        self.handler.close_connection = True
        for byte in self.content[self.start :][: _LONGEST_STALL * 20]:
            self.handler.wfile.write(bytes([byte]))
            time.sleep(0.05)

    def slow(self) -> None:
        self._send(self._headers(), b"")
        rest = self.content[self.start :]
        for begin in range(0, len(rest), _PIECE):
            self.handler.wfile.write(rest[begin : begin + _PIECE])
            time.sleep(0.005)

    def hangup(self) -> None:
        self._close()

    def garbage(self) -> None:
        self.handler.wfile.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        self._close()

    def norange(self) -> None:
        self.is_range, self.start = False, 0
        self.good()

    def partial200(self) -> None:
        self._send(self._headers(Content_Range=""), self.content[self.start :], 200)

    def badstart(self) -> None:
        self.start = self.start // 2
        self.good()

    def shifted(self) -> None:
        if not self.is_range:
            self.good()
            return
        rest = self.content[1:][: len(self.content) - self.start]
        self._send(self._headers(Content_Range=f"bytes 1-{len(rest)}/{len(self.content)}"), rest)

    def changeblind(self) -> None:
        self.is_range = self.asked is not None
        self.start = int(self.asked.group(1)) if self.asked else 0
        self.good()

    def lyingstart(self) -> None:
        rest = self.content[: len(self.content) - self.start]
        self._send(self._headers(), rest)

    def badtotal(self) -> None:
        size = len(self.content) + 7
        changes = {"Content_Range": f"bytes {self.start}-{len(self.content) - 1}/{size}"} if self.is_range else {}
        self._send(self._headers(**changes), self.content[self.start :])

    def norangeheader(self) -> None:
        self._send(self._headers(Content_Range=""), self.content[self.start :], 206)

    def shortrange(self) -> None:
        if not self.is_range:
            self.good()
            return
        rest = self.content[self.start :][: max(1, (len(self.content) - self.start) // 2)]
        span = f"bytes {self.start}-{self.start + len(rest) - 1}/{len(self.content)}"
        self._send(self._headers(Content_Range=span, Content_Length=str(len(rest))), rest)

    def refuse(self) -> None:
        self._send({"Content-Range": f"bytes */{len(self.content)}", "Content-Length": "0"}, b"", 416)

    def wrong(self) -> None:
        self._send(self._headers(), bytes(byte ^ 0x55 for byte in self.content[self.start :]))

    def truncated(self) -> None:
        self.content = self.content[: max(0, len(self.content) - 10)]
        self.start = min(self.start, len(self.content))
        self.good()

    def extended(self) -> None:
        self.content += b"0123456789"
        self.good()

    def overlong(self) -> None:
        self._chunks(self.content[self.start :] + b"0123456789", end=True)

    def chunked(self) -> None:
        self._chunks(self.content[self.start :], end=True)

    def chunkcut(self) -> None:
        self._chunks(self.content[self.start :][: self.number], end=False)
        self._close()

    def _chunks(self, body: bytes, *, end: bool) -> None:
        self._send(self._headers(Content_Length="", Transfer_Encoding="chunked"), b"")
        for begin in range(0, len(body), _PIECE):
            piece = body[begin : begin + _PIECE]
            self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if end:
            self.handler.wfile.write(b"0\r\n\r\n")

    def nolength(self) -> None:
        self._send(self._headers(Content_Length="", Connection="close"), self.content[self.start :])
        self._close()

    def gzip(self) -> None:
        body = gzip.compress(self.content[self.start :])
        self._send(self._headers(Content_Encoding="gzip", Content_Length=str(len(body))), body)

    def weak(self) -> None:
        self.etag = "W/" + self.etag
        self.good()

    def status(self) -> None:
        self._send({"Content-Length": "0"}, b"", self.number)

    def wait(self) -> None:
        self._send({"Content-Length": "0", "Retry-After": str(self.number)}, b"", 429)

    def loop(self) -> None:
        self.handler.state.turns[self.etag.strip('"').rpartition("-")[0]] -= 1
        self._send({"Location": self.handler.path, "Content-Length": "0"}, b"", 302)

    def away(self) -> None:
        self._send({"Location": self.handler.state.other + self.handler.path, "Content-Length": "0"}, b"", 302)


class _Threads(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that went away, for whom this is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class MisbehavingServer:
    """The server, running in threads of this process for a `with` block. url: where, without a slash at the end."""

    def __init__(self, port: int = 0) -> None:
        self.state = State()
        handler = type("BoundHandler", (Handler,), {"state": self.state})
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
    """Serves until it is ended; prints its address."""
    parser = argparse.ArgumentParser(description="A server that misbehaves as its addresses say.")
    parser.add_argument("--port", type=int, default=0)
    server = MisbehavingServer(parser.parse_args().port)
    with server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
