"""One instance at a time for a data folder; a second one finds out where the first is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from .._errors import BusyError

LOCK = "app.lock"
ABOUT = "app.json"


class AlreadyRunningError(BusyError):
    """Another process runs the application with the same data folder.

    detail: "path", of the folder; "pid" and "address" of the other process, None while it starts.
    """

    @property
    def address(self) -> str | None:
        """Where the other process serves the application; None while it starts."""
        address: str | None = self.detail["address"]
        return address


class Instance:
    """Holds a data folder, from when it is made until it is closed. Raises AlreadyRunningError."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._about = folder / ABOUT
        self._lock = FileLock(folder / LOCK, timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise _already(folder) from None
        self._about.unlink(missing_ok=True)  # of one that crashed

    def tell(self, address: str) -> None:
        """Lets others know where this instance serves."""
        unfinished = self._about.with_name(f"{ABOUT}.unfinished")
        unfinished.write_text(json.dumps({"pid": os.getpid(), "address": address}), encoding="utf-8")
        unfinished.replace(self._about)

    def close(self) -> None:
        """Lets others have the folder."""
        self._about.unlink(missing_ok=True)
        self._lock.release()

    def __enter__(self) -> Instance:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _already(folder: Path) -> AlreadyRunningError:
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        pid, address = int(about["pid"]), str(about["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return AlreadyRunningError(
            f"another process is just starting the application with {folder}; try again in a moment",
            {"path": str(folder), "pid": None, "address": None},
        )
    return AlreadyRunningError(
        f"the application runs already, as process {pid} at {address}, with {folder}; close it, or choose another "
        "folder with --data-folder",
        {"path": str(folder), "pid": pid, "address": address},
    )
