"""Finding a package's archive in a package index, over its JSON or HTML "simple" interface."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from ._catalogue import PyPISource
from ._http import Client, Secret, same_host
from ._settings import Settings
from .errors import DownloadError, HTTPStatusError

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


@dataclass(frozen=True)
class Archive:
    """Where an index has a package's archive, and what may be needed to be let in."""

    url: str
    secret: Secret | None


def find_archive(source: PyPISource, index: str, client: Client, settings: Settings) -> Archive:
    """The archive that `source` names, in the index at that address.

    Raises DownloadError: the index has no such package or file, does not answer, or means another file by that name.
    """
    base, secret = _without_secret(index)
    page = f"{base}/{re.sub(r'[-_.]+', '-', source.package).lower()}/"
    with client.get(page, {"Accept": _ACCEPT}, secret) as response:
        text = response.text(settings.stall_seconds)
        content_type, where = response.headers.get("Content-Type", ""), response.url
    links = _json_links(text) if "json" in content_type.lower() else _html_links(text)
    for name, link, sha256 in links:
        if name == source.file:
            if sha256 and sha256 != source.sha256:
                raise DownloadError(
                    f"{base} has a {name} with SHA-256 {sha256}, and the catalogue means {source.sha256}"
                )
            url, own = _without_secret(urljoin(where, link))
            return Archive(url, own or (secret if same_host(url, base) else None))
    raise HTTPStatusError(f"{base} has no {source.file}", {"url": base, "http_status": 404})


def _without_secret(url: str) -> tuple[str, Secret | None]:
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    host = parts.netloc.rpartition("@")[2]
    plain = urlunsplit(parts._replace(netloc=host))
    return plain, Secret(plain, unquote(parts.password or ""), unquote(parts.username))


def _json_links(text: str) -> list[tuple[str, str, str | None]]:
    try:
        rows = json.loads(text)["files"]
        return [(row["filename"], row["url"], row.get("hashes", {}).get("sha256")) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DownloadError(f"the package index answered with something else than a list of files: {error}") from error


def _html_links(text: str) -> list[tuple[str, str, str | None]]:
    reader = _Links()
    reader.feed(text)
    return reader.found


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = dict(attrs).get("href") if tag == "a" else None
        if link:
            url, fragment = urldefrag(link)
            name = unquote(urlsplit(url).path.rpartition("/")[2])
            kind, _, digest = fragment.partition("=")
            self.found.append((name, url, digest if kind == "sha256" else None))
