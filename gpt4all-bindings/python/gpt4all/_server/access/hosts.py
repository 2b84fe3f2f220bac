"""Under which names a server may be addressed, and from which pages.

A page of another site can send requests to this machine, and by DNS rebinding can even make its own name mean this
machine. Browsers say in Host under which name they asked, and in Origin and Sec-Fetch-Site which page did.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from ..settings import is_loopback

# Browsers send the first with whatever a page posts, and the others with nearly all.
OF_BROWSERS = (b"origin", b"referer", b"sec-fetch-dest", b"sec-fetch-mode", b"sec-fetch-site")


def of_browser(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request may come from a page, of whatever site."""
    return any(name in headers for name in OF_BROWSERS)


def host_name(value: str) -> str | None:
    """The name or address in a Host header, in lower case; None if it is none."""
    try:
        parts = urlsplit(f"//{value}")
        _ = parts.port  # raises ValueError
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


class Hosts:
    """The names of this server.

    listening: what it listens on. allowed: further names.
    """

    def __init__(self, listening: Iterable[str], allowed: Iterable[str]) -> None:
        listening = list(listening)
        self._any_address = not all(is_loopback(host) for host in listening)
        self._names = {"localhost", *(name.lower() for name in [*listening, *allowed])}
        if self._any_address:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def known(self, value: str | None) -> bool:
        """Whether a Host header names this server. An address always does where it listens on one that other machines
        can reach: rebinding needs a name."""
        name = host_name(value) if value else None
        if name is None:
            return False
        if name in self._names or name.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._any_address or address.is_loopback


class Origins:
    """The pages that may use this server."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {origin.rstrip("/").lower() for origin in allowed}

    def allows(self, origin: str) -> bool:
        """Whether it was allowed by the server's owner."""
        return origin.lower() in self._allowed or ("*" in self._allowed and origin != "null")

    def refusal(self, headers: Mapping[bytes, bytes], scheme: str) -> str | None:
        """Why a request may not be answered, or None. Programs send no Origin, and are not asked for one."""
        origin = headers.get(b"origin")
        if origin is not None:
            text = origin.decode("latin-1")
            own = f"{scheme}://{headers.get(b'host', b'').decode('latin-1')}"
            if text.lower() != own.lower() and not self.allows(text):
                return f"pages of {text} may not use this server; its owner can allow them with --allow-origin"
        elif headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            return "pages of other sites may not use this server"
        return None
