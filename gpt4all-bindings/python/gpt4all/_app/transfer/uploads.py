"""Files that come in pieces, as they are too large for one request. They lie in the data folder until they are read."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..._server.errors import RequestError
from ..database import new_id

AT_ONCE = 4
"""A further one ends the one that came first: the page of that is gone, presumably."""

_PREFIX, _SUFFIX = "import-", ".part"


@dataclass
class Upload:
    """A file on its way."""

    id: str
    path: Path
    name: str
    size: int
    received: int = 0

    @property
    def is_whole(self) -> bool:
        return self.received == self.size


class Uploads:
    """Any number of threads may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Removes what is there, also of an earlier run."""
        with self._lock:
            self._files.clear()
            for left in self._folder.glob(f"{_PREFIX}*{_SUFFIX}"):
                left.unlink(missing_ok=True)

    def add(self, id: str | None, name: str, size: int, offset: int, data: bytes) -> Upload:
        """Takes the next piece of a file, or the first of another.

        Raises RequestError 404; 409 if it is not the next; 507 if the disk is full.
        """
        with self._lock:
            upload = self._begun(name, size) if id is None else self._known(id)
            if (offset, size) != (upload.received, upload.size) or offset + len(data) > size or not data:
                message = f"of {upload.name}, byte {upload.received} of {upload.size} must come next"
                raise RequestError(409, message, code="wrong_offset", param="offset")
            with self._disk(upload), upload.path.open("ab") as file:
                file.truncate(offset)
                file.write(data)
            upload.received += len(data)
            return upload

    @contextlib.contextmanager
    def whole(self, upload: Upload) -> Iterator[Path]:
        """One that is whole, which is gone afterwards."""
        try:
            yield upload.path
        finally:
            with self._lock:
                self._forget(upload)

    def _begun(self, name: str, size: int) -> Upload:
        while len(self._files) >= AT_ONCE:
            self._forget(next(iter(self._files.values())))
        upload = Upload(new_id(), self._folder / name, name, size)
        with self._disk(upload):
            file, path = tempfile.mkstemp(_SUFFIX, _PREFIX, self._folder)
            os.close(file)
        upload.path = Path(path)
        self._files[upload.id] = upload
        return upload

    def _known(self, id: str) -> Upload:
        if id not in self._files:
            raise RequestError(404, "there is no such file on its way, or no more", code="not_found", param="id")
        return self._files[id]

    def _forget(self, upload: Upload) -> None:
        self._files.pop(upload.id, None)
        upload.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _disk(self, upload: Upload) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._forget(upload)
            message = f"{upload.name} cannot be kept in {self._folder} meanwhile: {error.strerror}"
            raise RequestError(507, message, kind="server_error", code="disk_full") from None
