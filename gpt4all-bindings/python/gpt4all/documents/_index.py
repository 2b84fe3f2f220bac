"""Bringing a store up to date with its folders: reading what changed, and making vectors of it.

All that is done is in the database after each file and each batch of vectors. Whatever ends it, the next run goes on
from there.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ._chunks import chunks
from ._embedder import Embedder, chunk_sizes
from ._errors import Reason, UnreadableError
from ._files import digest
from ._jobs import Job, JobState, Record
from ._parsers.formats import format_of
from ._reader import Reader
from ._scan import READY, UNREADABLE, scan
from ._store import Store, embedded_text

BATCH = 32
WAIT_SECONDS = 0.05  # between two looks whether what is more urgent has ended

Phase = Literal["scanning", "reading", "embedding", "waiting"]


@dataclass(frozen=True)
class Progress:
    """How far indexing is.

    collection: its name. phase: "waiting" while something more urgent runs.
    path: the file that is worked on.
    files, files_done: those of the collection that are new or changed. chunks_done: vectors made in this run.
    seconds_left: as far as can be told from the speed so far; None at the beginning.
    """

    collection: str
    phase: Phase
    path: str
    files: int
    files_done: int
    chunks_done: int
    seconds_left: float | None


@dataclass(frozen=True)
class Indexed:
    """What indexing did.

    read: files whose text was read. known: files whose text was known already, as after a rename.
    unreadable: files that could not be read. embedded: vectors that were made. reused: vectors of unchanged chunks.
    unavailable: folders that are not there. finished: False if it was paused.
    """

    read: int
    known: int
    unreadable: int
    embedded: int
    reused: int
    unavailable: tuple[Path, ...]
    finished: bool

    def __add__(self, other: Indexed) -> Indexed:
        """Of two collections together."""
        return Indexed(
            self.read + other.read,
            self.known + other.known,
            self.unreadable + other.unreadable,
            self.embedded + other.embedded,
            self.reused + other.reused,
            self.unavailable + other.unavailable,
            self.finished and other.finished,
        )


_NAME = "SELECT name FROM collections WHERE id = ?"
NOTHING_DONE = Indexed(0, 0, 0, 0, 0, (), True)


class Indexer:
    """One run over one collection.

    stop: the state to end in after the batch or file it is at; None to go on. busy: whether something more urgent runs.
    """

    def __init__(
        self,
        store: Store,
        collection: int,
        reader: Reader,
        embedder: Embedder,
        progress: Callable[[Progress], None] | None,
        stop: Callable[[], JobState | None],
        busy: Callable[[], bool],
    ) -> None:
        self._store = store
        self._collection = collection
        self._record = Record(store, collection)
        self._reader = reader
        self._embedder = embedder
        self._model = store.model(embedder.name, embedder.dimension)
        self._report = progress or (lambda _: None)
        self._stop = stop
        self._busy = busy
        self._begun = time.monotonic()
        self._counts = {"read": 0, "known": 0, "unreadable": 0, "embedded": 0, "reused": 0}
        self._path = ""
        self._files = self._files_done = 0
        self._bytes = self._bytes_done = 0

    def run(self) -> Indexed:
        """Its outcome is also in the database. Raises what the embedder raises."""
        before = self._record.read()
        self._record.write(self._job("running"))
        try:
            done = self._run()
        except BaseException as error:
            self._record.write(dataclasses.replace(self._job("failed"), error=str(error) or type(error).__name__))
            raise
        if not done.finished:
            self._record.write(self._job(self._stop() or "interrupted"))
        elif done.embedded:
            self._record.write(self._job("idle"))
        else:  # how fast it was before stays known
            self._record.write(dataclasses.replace(before, state="idle", path="", seconds_left=None, error=None))
        return done

    def _job(self, state: JobState) -> Job:
        return Job(
            state,
            self._path,
            self._files,
            self._files_done,
            self._counts["embedded"],
            time.monotonic() - self._begun,
            self._seconds_left(),
        )

    def _run(self) -> Indexed:
        rows = self._store.rows("SELECT id, path FROM folders WHERE collection_id = ? ORDER BY id", (self._collection,))
        chosen = [row[0] for row in rows]
        unavailable = []
        for folder, path in [(row[0], Path(row[1])) for row in rows]:
            self._tell("scanning", str(path))
            if not scan(self._store, folder):
                unavailable.append(path)
        places = ",".join("?" * len(chosen))
        pending = self._store.rows(
            "SELECT f.id, o.path, f.relpath, f.size FROM files f JOIN folders o ON o.id = f.folder_id "
            f"WHERE f.state = 'pending' AND f.folder_id IN ({places}) ORDER BY f.folder_id, f.relpath",
            chosen,
        )
        pending = [row for row in pending if Path(row[1]) not in unavailable]
        self._files, self._bytes = len(pending), sum(row[3] for row in pending)
        self._embed(places, chosen)  # what an earlier run left
        for file, folder_path, relpath, size in pending:
            self._let_others_go_first()
            if self._stop() is not None:
                break
            self._file(file, Path(folder_path), relpath)
            self._embed(places, chosen)
            self._files_done += 1
            self._bytes_done += size
        finished = self._stop() is None
        if finished:
            self._store.drop_unused()
        return Indexed(**self._counts, unavailable=tuple(unavailable), finished=finished)

    def _tell(self, phase: Phase, path: str) -> None:
        counts = (self._files, self._files_done, self._counts["embedded"], self._seconds_left())
        # Asked each time: it may be renamed meanwhile.
        name = "".join(row[0] for row in self._store.rows(_NAME, (self._collection,)))
        self._report(Progress(name, phase, path, *counts))
        if self._stop() is None:
            self._record.beat(self._job("running"))

    def _seconds_left(self) -> float | None:
        if not self._bytes_done:
            return None
        return (time.monotonic() - self._begun) / self._bytes_done * (self._bytes - self._bytes_done)

    def _let_others_go_first(self) -> None:
        begun = time.monotonic()
        while self._busy() and self._stop() is None:
            self._tell("waiting", self._path)
            time.sleep(WAIT_SECONDS)
        self._begun += time.monotonic() - begun  # or the time left would be told too long

    def _file(self, file: int, folder: Path, relpath: str) -> None:
        path = folder / relpath
        self._path = str(path)
        self._tell("reading", self._path)
        name = format_of(path.name) or ""
        try:
            content = self._known(file, path, name)
            if content is None:
                content = self._read(file, path, name)
                self._counts["read"] += 1
            else:
                self._counts["known"] += 1
        except UnreadableError as error:
            self._counts["unreadable"] += 1
            message = str(error).partition("cannot be read: ")[2]
            with self._store.change():
                self._set(file, None, UNREADABLE, error.reason, message)
            return
        self._counts["reused"] += self._store.copy_vectors(self._model, content)

    def _known(self, file: int, path: Path, name: str) -> int | None:
        try:
            if path.stat().st_size > self._reader.limits.file_bytes or not path.is_file():
                return None
            with path.open("rb") as opened:
                sha256 = digest(opened)
        except OSError:
            return None  # reading it will say why
        # In one step: a content that no file has is dropped when a collection is removed, whichever that is.
        with self._store.change():
            content = self._store.content(sha256, name)
            if content is not None:
                self._set(file, content, READY, None, None)
        return content

    def _read(self, file: int, path: Path, name: str) -> int:
        text = self._reader.read(path)
        target, maximum = chunk_sizes(self._embedder)
        found = chunks(text, self._embedder.count_tokens, target=target, maximum=maximum)
        with self._store.change():
            content = self._store.add_content(text, name, found)
            self._set(file, content, READY, None, None)
        return content

    def _set(self, file: int, content: int | None, state: str, reason: Reason | None, message: str | None) -> None:
        """To be called within change()."""
        self._store.connection.execute(
            "UPDATE files SET content_id = ?, state = ?, reason = ?, message = ?, embedded = 0 WHERE id = ?",
            (content, state, reason.value if reason else None, message, file),
        )

    def _embed(self, places: str, folders: list[int]) -> None:
        """Makes the vectors that are missing, in batches."""
        while True:
            self._let_others_go_first()
            if self._stop() is not None:
                return
            rows = self._store.rows(
                "SELECT c.id, t.title, c.heading, c.text FROM files f JOIN contents t ON t.id = f.content_id "
                "JOIN chunks c ON c.content_id = t.id LEFT JOIN vectors v ON v.chunk_id = c.id AND v.model_id = ? "
                f"WHERE f.state = 'ready' AND f.embedded = 0 AND f.folder_id IN ({places}) AND v.slot IS NULL "
                "GROUP BY c.id ORDER BY c.id LIMIT ?",
                (self._model, *folders, BATCH),
            )
            if not rows:
                with self._store.change() as connection:
                    done = "UPDATE files SET embedded = 1 WHERE state = 'ready' AND embedded = 0"
                    connection.execute(f"{done} AND folder_id IN ({places})", folders)
                return
            vectors = self._embedder.embed_documents([embedded_text(*row[1:]) for row in rows])
            self._store.add_vectors(self._model, [row[0] for row in rows], vectors)
            self._counts["embedded"] += len(rows)
            self._tell("embedding", self._path)
