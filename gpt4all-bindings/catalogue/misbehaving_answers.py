"""The ways in which misbehaving_server.py answers a request for a file."""

from __future__ import annotations

import collections
import gzip
import os
import re
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import Protocol

_PIECE = 4096
_LONGEST_STALL = 30  # seconds; clients give up long before


class State(Protocol):
    """What of the server's memory an answer needs. turns: requests of each id. other: the other address."""

    other: str
    turns: collections.Counter[str]


class Answer:
    """The ways to answer a request for a file: one method for each step that README.md lists."""

    def __init__(self, handler: BaseHTTPRequestHandler, state: State, content: bytes, etag: str, number: int) -> None:
        self.handler = handler
        self.state = state
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
        self.handler.send_response(status or (206 if self.is_range else 200))
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(body)
        self.handler.wfile.flush()

    def _close(self, *, reset: bool = False) -> None:
        self.handler.close_connection = True
        if reset:
            at_once = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
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

    def html(self) -> None:
        page = b"<!doctype html><title>Sign in</title><p>Sign in to use this network."
        self._send({"Content-Type": "text/html", "Content-Length": str(len(page))}, page, 200)

    def weak(self) -> None:
        self.etag = "W/" + self.etag
        self.good()

    def status(self) -> None:
        self._send({"Content-Length": "0"}, b"", self.number)

    def wait(self) -> None:
        self._send({"Content-Length": "0", "Retry-After": str(self.number)}, b"", 429)

    def loop(self) -> None:
        self.state.turns[self.etag.strip('"').rpartition("-")[0]] -= 1
        self._send({"Location": self.handler.path, "Content-Length": "0"}, b"", 302)

    def away(self) -> None:
        self._send({"Location": self.state.other + self.handler.path, "Content-Length": "0"}, b"", 302)
