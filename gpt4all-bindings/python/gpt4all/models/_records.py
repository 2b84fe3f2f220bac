"""What is known of a model's file: what is wanted of it, and what was noted when it was downloaded."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ._catalogue import CatalogueEntry
from ._files import disk_errors, file_digest, read_json, state_file, write_json
from ._settings import Reporter


@dataclass(frozen=True)
class Record:
    """A file as it was when it got its name. size: in bytes. downloaded: seconds since 1970."""

    size: int
    sha256: str
    source: str
    downloaded: float = 0.0

    @staticmethod
    def of(path: Path) -> Record | None:
        """The record of a file; None if it was not downloaded by this package."""
        try:
            return Record(**read_json(state_file(path, ".json")))
        except TypeError:
            return None

    def write(self, path: Path) -> None:
        """Notes it, with the present time."""
        with disk_errors(path):
            write_json(state_file(path, ".json"), {**asdict(self), "downloaded": time.time()})


@dataclass(frozen=True)
class Wanted:
    """A file to be at `path`. size: in bytes; sha256, md5: in hexadecimal; None for what is not known.

    certain: whether the caller gave the hashes, so that a file without a record must be read to be trusted.
    """

    path: Path
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    certain: bool = False

    @staticmethod
    def of(
        path: Path,
        entry: CatalogueEntry | None,
        *,
        size: int | None = None,
        sha256: str | None = None,
        md5: str | None = None,
    ) -> Wanted:
        """What the caller knows, and where it does not, the catalogue."""
        certain = sha256 is not None or md5 is not None
        if entry is not None:
            size, sha256, md5 = size or entry.size, sha256 or entry.sha256, md5 or entry.md5
        return Wanted(path, size, sha256 and sha256.lower(), md5 and md5.lower(), certain)

    def is_there(self, report: Reporter) -> bool:
        """Whether the file is there and is as it was recorded, or else as long as it should be."""
        try:
            size = self.path.stat().st_size
        except OSError:
            return False
        record = Record.of(self.path)
        if record is not None:
            return record.size == size and self.sha256 in (None, record.sha256)
        if self.size not in (None, size):
            return False
        hashes = {"sha256": self.sha256, "md5": self.md5} if self.certain else {}
        return all(not wanted or file_digest(self.path, name, report) == wanted for name, wanted in hashes.items())
