"""What is noted of each file that was downloaded, so that it can be checked later without any network."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ._files import disk_errors, read_json, state_file, write_json


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
