"""What every request passes before anything else looks at it."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import RequestError
from ..openapi import page
from ..settings import ServerSettings, is_loopback
from . import keys
from .hosts import Hosts, Origins, of_browser

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[RequestError, Scope], tuple[int, bytes, dict[str, str]]]
Admit = Callable[[Scope, dict[bytes, bytes]], None]

# What a monitor may ask without a key, whether the server is alive; and what a person reads about it.
OPEN = frozenset({"/health", "/ready", "/"}) | page.PATHS
# Ollama's API, whose clients need not say that they send JSON, and of which some, curl among them, do not.
UNTYPED = "/api/"
METHODS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
PREFLIGHT_SECONDS = 600


class Access:
    """An ASGI application around another: checks Host, Origin, the key, the kind and the size of the body.

    refuse: makes the answer of an error to a request: status, body, headers.
    admit: raises RequestError for a request that may not come in; None: the settings' keys decide.
    """

    def __init__(self, app: App, settings: ServerSettings, refuse: Refuse, admit: Admit | None = None) -> None:
        self._app = app
        self._settings = settings
        self._refuse = refuse
        self._admit = admit or self._check_key
        self._hosts = Hosts(settings.host, settings.allowed_hosts)
        self._origins = Origins(settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # There are none here; one that comes to be must not go around the checks.
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        shared = self._cors(headers)
        send = _with_headers(send, shared)
        try:
            self._check(scope, headers)
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
                await _answer(send, 204, b"", _preflight(headers))
                return
            self._admit(scope, headers)
            self._check_body(scope, headers)
            await self._app(scope, self._limited(receive), send)
        except RequestError as error:
            await _answer(send, *self._refuse(error, scope))

    def _check(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._hosts.known(hosts[0].decode("latin-1")):
            raise RequestError(
                403,
                "this server is not known by that name; its owner can add it with --allow-host",
                code="host_not_allowed",
            )
        if refusal := self._origins.refusal(headers, scope.get("scheme", "http")):
            raise RequestError(403, refusal, code="origin_not_allowed")

    def _check_key(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        if scope["path"] in OPEN:
            return
        if not self._settings.api_keys:
            self._check_reach(scope)
            return
        key = keys.key_of(headers)
        if not keys.accepted(key, self._settings.api_keys):
            message = "give an API key, as `Authorization: Bearer KEY`" if key is None else "that API key is not valid"
            raise RequestError(401, message, code="invalid_api_key", headers={"WWW-Authenticate": "Bearer"})

    def _check_reach(self, scope: Scope) -> None:
        """Where another program listens for the application, what the settings say of the address may be wrong."""
        address, _ = scope.get("server") or ("localhost", None)
        if _is_address(address) and not is_loopback(address):
            raise RequestError(
                403,
                f"this server listens on {address}, which other machines can reach, and has no API key to ask for; its "
                "owner must set one",
                code="key_needed",
            )

    def _check_body(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            raise RequestError(400, "Content-Length is no number")
        if int(length) > self._settings.max_request_bytes:
            raise self._too_large()
        has_body = int(length) > 0 or b"transfer-encoding" in headers
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        # Browsers send other kinds to other sites without asking first.
        if scope["method"] in ("POST", "PUT", "PATCH") and has_body and kind != b"application/json":
            if scope["path"].startswith(UNTYPED) and not of_browser(headers):
                return
            raise RequestError(415, "send JSON, with the header `Content-Type: application/json`")

    def _too_large(self) -> RequestError:
        return RequestError(413, f"the request has more than {self._settings.max_request_bytes} bytes")

    def _limited(self, receive: Receive) -> Receive:
        left = self._settings.max_request_bytes

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._too_large()
            return message

        return limited

    def _cors(self, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """The headers that let a page of another site read the answer."""
        origin = headers.get(b"origin")
        if origin is None or not self._origins.allows(origin.decode("latin-1")):
            return [(b"vary", b"Origin")]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", b"x-request-id, retry-after"),
            (b"vary", b"Origin"),
        ]


def _is_address(text: str) -> bool:
    """Not a name, nor the path of a socket."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _preflight(headers: dict[bytes, bytes]) -> dict[str, str]:
    asked = headers.get(b"access-control-request-headers", b"").decode("latin-1")
    answer = {"Access-Control-Allow-Methods": METHODS, "Access-Control-Max-Age": str(PREFLIGHT_SECONDS)}
    if asked:
        answer["Access-Control-Allow-Headers"] = asked
    if headers.get(b"access-control-request-private-network") == b"true":
        answer["Access-Control-Allow-Private-Network"] = "true"
    return answer


def _with_headers(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *headers]}
        await send(message)

    return sending


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if status != 204:
        encoded.append((b"content-length", str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
