"""The database and the vectors in a folder, which one process at a time may change."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .._data import check_version, connect, migrate, schema_version, transaction
from .._errors import BusyError, ModelNotFoundError, UnsupportedError
from ._chunks import Chunk
from ._schema import STEPS
from ._text import Text
from ._vectors import VectorFile

PARSER_VERSION = 1  # to be raised when readers or the chunker find more: files are read again
NAME = "docs.db"


class Store:
    """Raises BusyError if another process has it open to change it.

    read_only: beside another process that changes it; nothing is made that is not there.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder
        self.path = folder / NAME
        self.lock = threading.RLock()
        self._file_lock: FileLock | None = None
        self._vectors: dict[int, VectorFile] = {}
        self._free: dict[int, tuple[list[int], int]] = {}
        if read_only:
            self._open_to_read()
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file_lock = FileLock(folder / "docs.lock", timeout=0)
        try:
            file_lock.acquire()
        except Timeout:
            raise BusyError(
                f"another process has the documents in {folder} open; close it, or use another folder",
                {"path": str(folder)},
            ) from None
        try:
            self.connection = connect(str(self.path))
            self.path.chmod(0o600)
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            migrate(self.connection, self.path, STEPS)
        except BaseException:
            file_lock.release()
            raise
        self._file_lock = file_lock

    def _open_to_read(self) -> None:
        if not self.path.is_file():
            raise ModelNotFoundError(f"there are no documents in {self.folder}; add some", {"path": str(self.path)})
        self.connection = connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
        version = schema_version(self.connection)
        check_version(version, self.path, len(STEPS))
        if version < len(STEPS):
            raise UnsupportedError(
                f"{self.path} is of an older release; open it to change it once, for example by indexing",
                {"path": str(self.path), "schema": version},
            )

    def close(self) -> None:
        with self.lock:
            self.connection.close()
            if self._file_lock is not None:
                self._file_lock.release()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """What is done inside is done as a whole, or not at all. Raises LLModelIOError if the disk is full."""
        with self.lock, transaction(self.connection, self.path):
            yield self.connection

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.lock:
            return self.connection.execute(query, values).fetchall()

    # ------------------------------------------------------------------------------------------------------- contents

    def content(self, sha256: str, name: str) -> int | None:
        """What a file with this hash, read as this format, says, if that is known."""
        query = "SELECT id FROM contents WHERE sha256 = ? AND format = ? AND parser_version = ?"
        found = self.rows(query, (sha256, name, PARSER_VERSION))
        return found[0][0] if found else None

    def add_content(self, text: Text, name: str, chunks: Iterable[Chunk]) -> int:
        """Keeps the chunks of a text. To be called within change()."""
        connection = self.connection
        known = self.content(text.sha256, name)
        if known is not None:
            return known
        cursor = connection.execute(
            "INSERT INTO contents (sha256, format, parser_version, title, pages, characters) VALUES (?, ?, ?, ?, ?, ?)",
            (text.sha256, name, PARSER_VERSION, text.title, text.pages, len(text.text)),
        )
        content = cursor.lastrowid
        assert content is not None
        rows = []
        for number, chunk in enumerate(chunks):
            part = text.text[chunk.start : chunk.end]
            heading = " > ".join(chunk.headings)
            digest = hashlib.sha256(embedded_text(text.title, heading, part).encode("utf-8", "replace")).digest()
            places = (chunk.page_first, chunk.page_last, chunk.start, chunk.end)
            rows.append((content, number, *places, heading, part, digest))
        connection.executemany(
            "INSERT INTO chunks (content_id, ord, page_first, page_last, char_start, char_end, heading, text, "
            "text_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        return content

    def drop_unused(self) -> None:
        """Forgets the contents that no file has."""
        with self.change() as connection:
            self._free.clear()
            connection.execute(
                "DELETE FROM contents WHERE id NOT IN (SELECT content_id FROM files WHERE content_id IS NOT NULL)"
            )

    # -------------------------------------------------------------------------------------------------------- vectors

    def model(self, name: str, dim: int) -> int:
        """The number of an embedding model, which is added if it is new."""
        found = self.rows("SELECT id, dim FROM models WHERE name = ?", (name,))
        if found:
            return int(found[0][0])
        with self.change() as connection:
            cursor = connection.execute("INSERT INTO models (name, dim) VALUES (?, ?)", (name, dim))
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def vectors(self, model: int) -> VectorFile:
        if model not in self._vectors:
            dim = self.rows("SELECT dim FROM models WHERE id = ?", (model,))[0][0]
            self._vectors[model] = VectorFile(self.folder, f"vectors-{model}", dim)
        return self._vectors[model]

    def forget_vectors(self) -> None:
        """Removes the files of models that are no longer known, whose numbers may be given to others."""
        self._vectors.clear()
        self._free.clear()
        known = {f"vectors-{row[0]}" for row in self.rows("SELECT id FROM models")}
        for path in self.folder.glob("vectors-*"):
            if path.stem not in known:
                with contextlib.suppress(PermissionError):  # Windows keeps what another process has open
                    path.unlink()

    def add_vectors(self, model: int, chunks: Sequence[int], vectors: Any) -> None:
        """Keeps a vector for each chunk that is still there. They are in the file before the database says so."""
        with self.change() as connection:
            slots = self._free_slots(model, len(chunks))
            self.vectors(model).write(slots, vectors)
            connection.executemany(
                "INSERT OR REPLACE INTO vectors (chunk_id, model_id, slot) SELECT id, ?, ? FROM chunks WHERE id = ?",
                [(model, slot, chunk) for chunk, slot in zip(chunks, slots, strict=True)],
            )

    def _free_slots(self, model: int, count: int) -> list[int]:
        """Slots of chunks that are gone, and then new ones. Nobody else takes any: there is one writer."""
        if model not in self._free:
            used = {row[0] for row in self.connection.execute("SELECT slot FROM vectors WHERE model_id = ?", (model,))}
            end = max(used, default=-1) + 1
            self._free[model] = ([slot for slot in range(end) if slot not in used], end)
        gaps, end = self._free[model]
        taken, gaps = gaps[:count], gaps[count:]
        more = count - len(taken)
        self._free[model] = (gaps, end + more)
        return taken + list(range(end, end + more))

    def copy_vectors(self, model: int, content: int | None = None) -> int:
        """Gives chunks without a vector that of another chunk with the same text, and returns how many."""
        limit = "" if content is None else "AND c.content_id = ?"
        found = self.rows(
            # CROSS JOIN keeps the order: from the vectors on, each file would take as long as all that there are.
            "SELECT c.id, MIN(v.slot) FROM chunks c CROSS JOIN chunks d ON d.text_hash = c.text_hash "
            "CROSS JOIN vectors v ON v.chunk_id = d.id AND v.model_id = ? "
            "WHERE NOT EXISTS (SELECT 1 FROM vectors w WHERE w.chunk_id = c.id AND w.model_id = ?) "
            f"{limit} GROUP BY c.id",
            (model, model, *(() if content is None else (content,))),
        )
        if found:
            self.add_vectors(model, [row[0] for row in found], self.vectors(model).read([row[1] for row in found]))
        return len(found)


def embedded_text(title: str, heading: str, text: str) -> str:
    """What of a chunk is made a vector of: its place in the document tells what it is about."""
    place = " > ".join(part for part in (title[:100], heading[-150:]) if part)
    return f"{place}\n{text}" if place else text


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
