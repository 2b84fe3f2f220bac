"""The Hugging Face hub: addresses of files, and the hashes that it knows of them."""

from __future__ import annotations

import dataclasses
import json
import re
from urllib.parse import quote

from ._catalogue import HuggingFaceSource
from ._errors import DownloadError
from ._fetch import Address
from ._http import Client, Response, Secret, same_host
from ._part import Identity
from ._settings import Settings

_SHA256 = re.compile(r"[0-9a-f]{64}")


def address_of(source: HuggingFaceSource, identity: Identity, settings: Settings) -> Address:
    """Where a file of the hub is. Its hash is read off the answer."""
    url = f"{settings.hub_endpoint}/{source.repo}/resolve/{quote(source.revision, safe='')}/{quote(source.file)}"
    return Address(url, identity, _secret(settings), lambda known, response: _learn(known, response, settings))


def _secret(settings: Settings) -> Secret | None:
    return Secret(settings.hub_endpoint, settings.hub_token) if settings.hub_token else None


def _learn(known: Identity, response: Response, settings: Settings) -> Identity:
    """Adds what the hub itself said, before it passed us on to where the bytes are."""
    for url, headers in (*response.hops, (response.url, response.headers)):
        etag = headers.get("X-Linked-Etag", "").strip().removeprefix("W/").strip('"').lower()
        if same_host(url, settings.hub_endpoint) and _SHA256.fullmatch(etag):
            size = headers.get("X-Linked-Size", "")
            told = int(size) if size.isascii() and size.isdigit() else None
            return dataclasses.replace(known, sha256=etag, size=known.size or told)
    return known


def ask(source: HuggingFaceSource, client: Client, settings: Settings) -> str | None:
    """The SHA-256 that the hub's list has of a file; None if it has none, as for small files. Raises DownloadError."""
    folder = source.file.rpartition("/")[0]
    url = f"{settings.hub_endpoint}/api/models/{source.repo}/tree/{quote(source.revision, safe='')}/{quote(folder)}"
    with client.get(url.rstrip("/"), secret=_secret(settings)) as response:
        text = response.text(settings.stall_seconds)
    try:
        rows = json.loads(text)
        row = next(row for row in rows if row["path"] == source.file)
        stored = row.get("lfs") or {}
        sha256 = str(stored.get("oid", ""))
        return sha256 if _SHA256.fullmatch(sha256) else None
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise DownloadError(f"the hub's list of {source.repo} does not mention {source.file}") from error
