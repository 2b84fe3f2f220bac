"""The part of a file that has come so far, and what it is a part of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from ._files import disk_errors, read_json, state_file, sync, write_json
from ._settings import Reporter

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Identity:
    """What is known of a file that is to come, so as to tell whether two answers are about the same one.

    key: where it is from. size: in bytes. etag: a strong one, with its quotes. sha256: of the content.
    """

    key: str
    size: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None

    def may_continue(self, other: Identity) -> bool:
        """Whether bytes of the one may be followed by bytes of the other.

        If both hashes are known they decide, wherever the bytes are from. Otherwise the place must be the same, and
        something that changes with the content.
        """
        if self.size is not None and other.size is not None and self.size != other.size:
            return False
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        if self.key != other.key:
            return False
        if self.etag or other.etag:
            return self.etag == other.etag
        return self.last_modified is not None and self.last_modified == other.last_modified


class Part:
    """The .part file of a download and, beside it, the .part.json with its Identity. Used under the download's lock."""

    def __init__(self, target: Path, *, with_md5: bool = False) -> None:
        self._algorithms = ("sha256", "md5") if with_md5 else ("sha256",)
        self.path = state_file(target, ".part")
        self._state = state_file(target, ".part.json")
        self._digests = self._new_digests()
        self._hashed = 0

    @property
    def length(self) -> int:
        """Bytes that are there; 0 if it is not known what they belong to."""
        try:
            return self.path.stat().st_size if self.identity else 0
        except FileNotFoundError:
            return 0

    @property
    def identity(self) -> Identity | None:
        """What the bytes are a part of."""
        saved: Mapping[str, Any] = read_json(self._state)
        try:
            return Identity(**saved) if saved else None
        except TypeError:  # written by another release
            return None

    def start(self, identity: Identity) -> None:
        """Makes it empty, to become a part of `identity`."""
        with disk_errors(self.path):
            # Emptied first, so that whenever the process is killed no bytes lie beside a description of other ones.
            self.path.write_bytes(b"")
            write_json(self._state, asdict(identity))
        self._digests, self._hashed = self._new_digests(), 0

    def learn(self, identity: Identity) -> None:
        """Notes what an answer said about the file that these bytes are from."""
        if identity != self.identity:
            with disk_errors(self.path):
                write_json(self._state, asdict(identity))

    def remove(self) -> None:
        """Deletes it."""
        with disk_errors(self.path):
            self._state.unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
        self._digests, self._hashed = self._new_digests(), 0

    def appending(self) -> Appender:
        """Opens it to write on at its end."""
        with disk_errors(self.path):
            return Appender(self, self.path.open("ab", buffering=0))

    def digests(self, report: Reporter) -> dict[str, str]:
        """The sha256, and the md5 if wanted, of all bytes, in hexadecimal."""
        self.catch_up(report)
        return {name: digest.hexdigest() for name, digest in self._digests.items()}

    def catch_up(self, report: Reporter) -> None:
        """Hashes the bytes that an earlier process left."""
        total = self.length
        if self._hashed > total:
            self._digests, self._hashed = self._new_digests(), 0
        if self._hashed == total:
            return
        with self.path.open("rb") as file:
            file.seek(self._hashed)
            while block := file.read(_BLOCK):
                self._add(block)
                report("checking", self._hashed, total)

    def _add(self, block: bytes) -> None:
        for digest in self._digests.values():
            digest.update(block)
        self._hashed += len(block)

    def _new_digests(self) -> dict[str, Any]:
        # MD5 is for files of which an old catalogue has nothing better; usedforsecurity lets it be where FIPS is on.
        return {name: hashlib.new(name, usedforsecurity=False) for name in self._algorithms}

    def on_write(self) -> Callable[[bytes], None]:
        """What hashes each block as it is written."""
        return self._add


class Appender:
    """An open .part file. Only whole blocks that were written are counted and hashed."""

    def __init__(self, part: Part, file: FileIO) -> None:
        self._path = part.path
        self._file = file
        self._hash = part.on_write()

    def write(self, block: bytes) -> None:
        """Adds a block. Raises DiskFullError; the file then ends with what fitted."""
        with disk_errors(self._path):
            left = memoryview(block)
            while left:
                left = left[self._file.write(left) :]
        self._hash(block)

    def sync(self) -> None:
        """Has it written to the disk itself."""
        with disk_errors(self._path):
            sync(self._file.fileno())

    def close(self) -> None:
        """Closes it."""
        with disk_errors(self._path):
            self._file.close()

    def __enter__(self) -> Appender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
