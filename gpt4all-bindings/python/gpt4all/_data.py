"""Where the package keeps what it writes for its user, and how its databases are opened and brought up to date."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from ._errors import LLModelIOError, UnsupportedError


def data_folder() -> Path:
    """$GPT4ALL_DATA, or the system's place for data of programs."""
    if named := os.environ.get("GPT4ALL_DATA"):
        return Path(named)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "gpt4all"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "gpt4all"


def connect(name: str, *, uri: bool = False) -> sqlite3.Connection:
    """A connection for all threads, whose user begins and ends transactions. Raises LLModelIOError if the file is
    damaged, or cannot be opened."""
    try:
        connection = sqlite3.connect(name, uri=uri, isolation_level=None, check_same_thread=False, timeout=30)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA schema_version")  # the first to look into the file
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise LLModelIOError(
            f"{name} cannot be used: {error}; put a backup in its place, or move it elsewhere to begin anew",
            {"path": name},
        ) from error
    return connection


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    """Brings a database to this release's schema, each step whole or not at all, after a backup beside it.

    steps: one for each version of the schema. A released step is never changed.

    Raises UnsupportedError if it is of a newer release.
    """
    version = schema_version(connection)
    check_version(version, path, len(steps))
    if 0 < version < len(steps):
        _back_up(connection, path.with_name(f"{path.name}.schema-{version}.backup"))
    for number in range(version, len(steps)):
        connection.executescript(f"BEGIN IMMEDIATE;\n{steps[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;")


def schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_version(version: int, path: Path, newest: int) -> None:
    if version > newest:
        raise UnsupportedError(
            f"{path} was written by a newer release of gpt4all (schema {version}, this one knows up to {newest}); "
            "update gpt4all, or use another folder",
            {"path": str(path), "schema": version},
        )


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(unfinished)) as target:
            connection.backup(target)
        unfinished.replace(path)
    except (sqlite3.Error, OSError) as error:
        raise LLModelIOError(
            f"{path} cannot be written, so the database is left as it is: {error}", {"path": str(path)}
        ) from error


class DiskFullError(LLModelIOError):
    """There is no room for a change, and nothing was changed."""


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """What is done inside is done as a whole, or not at all. Raises DiskFullError."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:  # SQLite may have ended it by itself
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError) and "disk is full" in str(error):
            message = f"the disk that has {path} is full, so that nothing was changed; free some space"
            raise DiskFullError(message, {"path": str(path)}) from error
        raise
