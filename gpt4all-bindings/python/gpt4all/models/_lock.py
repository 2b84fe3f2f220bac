"""The lock that lets one process at a time download a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ._files import disk_errors, state_file, state_folder
from ._progress import Reporter

_POLL = 0.1  # seconds


@contextlib.contextmanager
def locked(path: Path, report: Reporter | None) -> Iterator[None]:
    """Holds the lock of the download of `path`, whose folder is made. Waits while another process has it.

    report: None does not wait, but raises Timeout.
    """
    with disk_errors(path):
        state_folder(path).mkdir(parents=True, exist_ok=True)
    lock = FileLock(state_file(path, ".lock"))
    while True:
        try:
            lock.acquire(timeout=_POLL * 5 if report else 0, poll_interval=_POLL)
            break
        except Timeout:
            if report is None:
                raise
            report("waiting", 0, None)
        except OSError:
            with disk_errors(path):
                raise
    try:
        yield
    finally:
        lock.release()
