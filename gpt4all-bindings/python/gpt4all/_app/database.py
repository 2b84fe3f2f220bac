"""chat.db: chats, settings, keys. Any number of threads may use it."""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .._data import DiskFullError, connect, migrate, transaction
from .._server.errors import RequestError
from .schema import STEPS

NAME = "chat.db"
BUSY_MILLISECONDS = 30_000


class Database:
    """Raises UnsupportedError if it is of a newer release."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / NAME
        self._lock = threading.RLock()
        self._connection = connect(str(self.path))
        try:
            self.path.chmod(0o600)
            self._connection.execute("PRAGMA journal_mode = WAL")
            # What has been answered is on the disk, even if the power goes off.
            self._connection.execute("PRAGMA synchronous = FULL")
            migrate(self._connection, self.path, STEPS)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Harmless if it is closed already."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """What is done inside is done as a whole, or not at all. One may be inside another.

        Raises RequestError 507 if the disk is full.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            try:
                with transaction(self._connection, self.path):
                    yield self._connection
            except DiskFullError as error:
                raise RequestError(507, error.message, kind="server_error", code="disk_full") from error

    def wipe(self) -> None:
        """Forgets everything, also on the disk: what is left of it in the file, and backups of earlier releases."""
        with self._lock:
            self._connection.execute("PRAGMA secure_delete = ON")
            with self.change() as connection:
                for table in ("chats", "folders", "attachments", "settings", "presets", "model_settings", "keys"):
                    connection.execute(f"DELETE FROM {table}")
            for index in ("messages_fts", "chats_fts"):
                self._connection.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for backup in self.path.parent.glob(f"{self.path.name}.schema-*.backup"):
                backup.unlink()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()


def new_id(moment: float | None = None) -> str:
    """An id that sorts by the time at which it was made: UUID version 7's layout, without its marks."""
    milliseconds = int((time.time() if moment is None else moment) * 1000)
    return f"{milliseconds & (1 << 48) - 1:012x}{secrets.token_hex(10)}"


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
