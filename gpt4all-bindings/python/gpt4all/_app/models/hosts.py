"""Which addresses the application talks to: those that the catalogue's models come from, and what the person set."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from ... import models
from ...models import HTTPSSource, Settings
from ...models._http import same_host

# And below them: the hub passes downloads on to machines of its own.
HUB = ("huggingface.co", "hf.co")


def refusal(url: str, settings: Settings) -> str | None:
    """Why an address may not be used; None if it may."""
    own = [address for address in (settings.hub_endpoint, settings.mirror) if address]
    if any(same_host(url, address) for address in own):
        return None if urlsplit(url).hostname not in HUB else _private(url)
    host = (urlsplit(url).hostname or "").rstrip(".")
    if not any(host == known or host.endswith(f".{known}") for known in _known()):
        return "models come from the catalogue's hosts and from Hugging Face alone"
    return _private(url)


def _known() -> set[str]:
    sources = [source for entry in models.catalogue() for source in entry.sources]
    return {*HUB, *(urlsplit(source.url).hostname or "" for source in sources if isinstance(source, HTTPSSource))} - {
        ""
    }


def _private(url: str) -> str | None:
    """A name that everybody knows may lead into somebody's own network."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError:
        return None  # behind a proxy names may be unknown; without one, there will be no connection
    for *_, place in found:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if not address.is_global or address.is_multicast:
            return f"it leads to {address}, which is no public address"
    return None


def settings() -> Settings:
    """Those of downloads, with the refusals."""
    chosen = Settings()
    return Settings(refuse=lambda url: refusal(url, chosen))
