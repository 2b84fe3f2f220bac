"""HTTP as downloads need it: every redirect looked at, no secret sent elsewhere, every failure with its own type."""

from __future__ import annotations

import email.utils
import http.client
import ipaddress
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.auth import AuthBase

from ._errors import (
    ConnectionFailedError,
    DownloadError,
    HTTPStatusError,
    InsecureURLError,
    ProtocolError,
    RedirectError,
    StalledError,
    UnreachableError,
)
from ._settings import Settings

MOST_REDIRECTS = 10
LONGEST_TEXT = 32 << 20  # bytes of a page of JSON or HTML
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PAGES = ("text/html", "application/xhtml+xml")
_TRANSIENT = (408, 425, 429)
_READ = 1 << 20

Hop = tuple[str, Mapping[str, str]]


def redacted(url: str) -> str:
    """An address without what may be secret in it: name, password, query."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(a malformed address)"
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, host + port, parts.path, "…" if parts.query else "", ""))


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def check_address(url: str, settings: Settings, previous: str | None = None) -> None:
    """Raises InsecureURLError unless the address may be used, after a redirect from `previous` if given."""
    try:
        parts, host = urlsplit(url), urlsplit(url).hostname
    except ValueError as error:
        raise InsecureURLError(f"{url!r} is not an address: {error}") from error
    if not host or parts.scheme not in ("http", "https"):
        raise InsecureURLError(f"{redacted(url)!r} is not an https:// address, and nothing else is downloaded from")
    from_here = previous is None or _is_loopback(urlsplit(previous).hostname)
    if parts.scheme == "http" and not settings.allow_http and not (_is_loopback(host) and from_here):
        raise InsecureURLError(
            f"{redacted(url)} is plain HTTP, which anyone on the way can change; use https, or set GPT4ALL_ALLOW_HTTP=1"
        )


def _joined(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError as error:
        raise RedirectError(f"{redacted(address)} leads to {location[:200]!r}, which is not an address") from error


def same_host(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port."""
    a, b = urlsplit(one), urlsplit(other)
    return (a.scheme, a.hostname, a.port) == (b.scheme, b.hostname, b.port)


@dataclass(frozen=True)
class Secret:
    """An authorisation that only the host of `url` may see. user: None for a bearer token."""

    url: str
    password: str
    user: str | None = None


class _Authorization(AuthBase):
    """Sets the header itself, so that a .netrc file does not replace it."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def __call__(self, request: Any) -> Any:
        if self._secret.user is None:
            request.headers["Authorization"] = f"Bearer {self._secret.password}"
            return request
        return requests.auth.HTTPBasicAuth(self._secret.user, self._secret.password)(request)


@dataclass(frozen=True)
class ContentRange:
    """A Content-Range header: first and last byte, and the size of the whole file."""

    first: int
    last: int
    total: int


@dataclass(frozen=True)
class Response:
    """An answer whose body is still to be read. hops: address and headers of each redirect that led to it, in order."""

    url: str
    status: int
    headers: Mapping[str, str]
    hops: tuple[Hop, ...]
    raw: Any

    @property
    def length(self) -> int | None:
        """Content-Length; None if there is none, or if the body comes in chunks, which mark their own end."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and not self.is_chunked else None

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    @property
    def is_page(self) -> bool:
        """Whether this is a web page, which no model is."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower() in _PAGES

    @property
    def content_range(self) -> ContentRange:
        """What part of the file this is. Raises ProtocolError if the header does not say."""
        text = self.headers.get("Content-Range", "")
        found = _RANGE.fullmatch(text.strip())
        if not found:
            raise ProtocolError(f"{redacted(self.url)} sent a part of the file with Content-Range {text!r}")
        return ContentRange(*(int(number) for number in found.groups()))

    def blocks(self, stall_seconds: float) -> Iterator[bytes]:
        """The body, as it comes. Raises StalledError, or ConnectionFailedError if the connection breaks.

        A body that ends before Content-Length is not an error here.
        """
        # read1 gives what is there; read would wait for a whole block, and a trickle would never be seen as a stall.
        read: Callable[[int], bytes] = getattr(self.raw, "read1", None) or (lambda size: self.raw.read(size >> 10))
        since, got = time.monotonic(), 0
        with _connection_errors(self.url):
            while block := read(_READ):
                yield block
                got += len(block)
                now = time.monotonic()
                if got >= 1024:
                    since, got = now, 0
                elif now - since > stall_seconds:
                    raise StalledError(
                        f"{redacted(self.url)} sent {got} bytes in {now - since:.0f} s; try again later or elsewhere"
                    )

    def text(self, stall_seconds: float) -> str:
        """The whole body as text. Raises ProtocolError if it is incomplete or unreasonably long."""
        body = bytearray()
        for block in self.blocks(stall_seconds):
            body += block
            if len(body) > LONGEST_TEXT:
                raise ProtocolError(
                    f"{redacted(self.url)} sent over {LONGEST_TEXT >> 20} MiB where a page was expected"
                )
        if self.length is not None and len(body) < self.length:
            raise ConnectionFailedError(f"{redacted(self.url)} sent {len(body)} of {self.length} bytes")
        return body.decode("utf-8", "replace")


class _Session(requests.Session):
    """Leaves redirects to us altogether. requests would read their bodies to the end, however long those are."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None, so that requests follows none."""
        return None


class Client:
    """Opens addresses. One for each download; not for several threads."""

    def __init__(self, settings: Settings, certificates: str | None = None) -> None:
        self._settings = settings
        self._session = _Session()
        self._session.headers["User-Agent"] = "gpt4all-python"
        self._certificates = certificates

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    @contextmanager
    def get(
        self, url: str, headers: Mapping[str, str] | None = None, secret: Secret | None = None
    ) -> Iterator[Response]:
        """Opens an address, after its redirects, for a `with` block. Asks for the bytes as they are, uncompressed.

        Statuses but 200, 206 and 416 raise HTTPStatusError.
        """
        response, hops = self._follow(url, {"Accept-Encoding": "identity", **(headers or {})}, secret)
        with response:
            if response.status_code not in (200, 206, 416):
                raise _status_error(response, url, secret)
            coding = response.headers.get("Content-Encoding", "identity").strip().lower()
            if coding not in ("", "identity"):
                raise ProtocolError(
                    f"{redacted(url)} sent the file as {coding!r} though asked not to; a proxy may be the cause"
                )
            yield Response(response.url, response.status_code, response.headers, hops, response.raw)

    def _follow(
        self, url: str, headers: Mapping[str, str], secret: Secret | None
    ) -> tuple[requests.Response, tuple[Hop, ...]]:
        hops: list[Hop] = []
        address, previous = url, None
        while len(hops) <= MOST_REDIRECTS:
            self._check(address, previous, url)
            response = self._open(address, headers, secret)
            if not response.is_redirect:
                return response, tuple(hops)
            hops.append((address, response.headers))
            response.close()
            previous, address = address, _joined(address, response.headers["Location"])
        raise RedirectError(f"{redacted(url)} was redirected more than {MOST_REDIRECTS} times", {"url": redacted(url)})

    def _check(self, address: str, previous: str | None, origin: str) -> None:
        try:
            check_address(address, self._settings, previous)
            if self._settings.refuse is not None and (why := self._settings.refuse(address)):
                raise InsecureURLError(f"{redacted(address)} may not be used: {why}", {"url": redacted(address)})
        except InsecureURLError as error:
            if previous is None:
                raise
            raise RedirectError(f"{redacted(origin)} leads elsewhere: {error}", {"url": redacted(origin)}) from error

    def _open(self, address: str, headers: Mapping[str, str], secret: Secret | None) -> requests.Response:
        allowed = secret is not None and same_host(address, secret.url)
        with _connection_errors(address):
            return self._session.get(
                address,
                headers=dict(headers),
                auth=_Authorization(secret) if secret and allowed else None,
                stream=True,
                allow_redirects=False,
                timeout=(self._settings.connect_seconds, self._settings.stall_seconds),
                verify=self._certificates or True,
            )


@contextmanager
def _connection_errors(url: str) -> Iterator[None]:
    where = redacted(url)
    try:
        yield
    except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
        if isinstance(error, DownloadError):
            raise
        raise StalledError(f"{where} stopped sending", {"url": where}) from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError) as error:
        raise RedirectError(f"{where} is not an address: {error}", {"url": where}) from error
    except (requests.exceptions.ProxyError, requests.exceptions.SSLError, requests.ConnectTimeout) as error:
        raise UnreachableError(f"no connection to {where}: {_reason(error)}", {"url": where}) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
        if _never_connected(error):
            raise UnreachableError(f"no connection to {where}: {_reason(error)}", {"url": where}) from error
        raise ConnectionFailedError(f"the connection to {where} broke: {_reason(error)}", {"url": where}) from error
    except (ConnectionError, OSError) as error:
        if isinstance(error, DownloadError):
            raise
        raise ConnectionFailedError(f"the connection to {where} broke: {_reason(error)}", {"url": where}) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those it was made from, the innermost last."""
    seen: Any = error
    for _ in range(10):
        if not isinstance(seen, BaseException):
            return
        yield seen
        inner = getattr(seen, "reason", None)
        arguments = [value for value in seen.args if isinstance(value, BaseException)]
        seen = inner if isinstance(inner, BaseException) else next(iter(arguments), seen.__cause__ or seen.__context__)


def _never_connected(error: BaseException) -> bool:
    return any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in _causes(error))


def _reason(error: BaseException) -> str:
    """The innermost cause in words: the layers around it only repeat it, with addresses in full."""
    innermost = list(_causes(error))[-1]
    return str(innermost) or type(innermost).__name__


def _status_error(response: requests.Response, url: str, secret: Secret | None) -> HTTPStatusError:
    status, where = response.status_code, redacted(url)
    reason = http.client.responses.get(status, "an unknown status")
    advice = ""
    if status in (401, 403):
        advice = "; the token was not accepted" if secret else "; a model behind a licence needs a token in HF_TOKEN"
    elif status == 404:
        advice = "; check the name of the repository and of the file"
    error = HTTPStatusError(f"{where} answered {status} ({reason}){advice}", {"url": where, "http_status": status})
    if status in _TRANSIENT or status >= 500:
        error.detail["retry_after_seconds"] = _retry_after(response.headers.get("Retry-After", ""))
    return error


def _retry_after(text: str) -> float:
    """Seconds that a server asks to wait, 0 if it does not say."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, moment.timestamp() - time.time())
