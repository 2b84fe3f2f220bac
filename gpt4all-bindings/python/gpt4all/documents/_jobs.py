"""How far the indexing of a collection is, in the database: other processes see it, and it outlives this one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from ._store import Store

BEAT_SECONDS = 1.0
LOST_SECONDS = 30.0  # without a sign of life; a batch of the slowest model takes less

JobState = Literal["idle", "running", "paused", "interrupted", "failed"]


@dataclass(frozen=True)
class Job:
    """The indexing of a collection.

    state: "idle" when it is up to date as far as is known; "paused" until resume(); "interrupted" if it was ended, or
        its process was: the next index() goes on.
    path: the file that is, or was, worked on.
    files, files_done: those that were new or changed. chunks_done: vectors that were made. seconds: since it began.
    seconds_left: as far as can be told.
    error: why it failed.
    """

    state: JobState = "idle"
    path: str = ""
    files: int = 0
    files_done: int = 0
    chunks_done: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None
    error: str | None = None

    @property
    def chunks_per_second(self) -> float | None:
        """How fast vectors were made, reading included."""
        return self.chunks_done / self.seconds if self.chunks_done and self.seconds else None


class Record:
    """The job of one collection. Of one that was removed, nothing is noted."""

    def __init__(self, store: Store, collection: int) -> None:
        self._store = store
        self._collection = collection
        self._beaten = 0.0

    def read(self) -> Job:
        """What is known of it, by whichever process."""
        rows = self._store.rows(
            "SELECT state, cursor, total, done, chunks, seconds, seconds_left, error, heartbeat FROM jobs "
            "WHERE kind = 'index' AND target = ?",
            (self._collection,),
        )
        if not rows:
            return Job()
        state, *others, heartbeat = rows[0]
        lost = state == "running" and time.time() - heartbeat > LOST_SECONDS
        return Job("interrupted" if lost else state, *others)

    def write(self, job: Job) -> None:
        """Notes it."""
        with self._store.change() as connection:
            connection.execute(
                "INSERT INTO jobs (kind, target, state, cursor, total, done, chunks, seconds, seconds_left, error, "
                "heartbeat) SELECT 'index', id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM collections WHERE id = ? "
                "ON CONFLICT (kind, target) DO UPDATE SET state = excluded.state, cursor = excluded.cursor, "
                "total = excluded.total, done = excluded.done, chunks = excluded.chunks, seconds = excluded.seconds, "
                "seconds_left = excluded.seconds_left, error = excluded.error, heartbeat = excluded.heartbeat",
                (
                    job.state,
                    job.path,
                    job.files,
                    job.files_done,
                    job.chunks_done,
                    job.seconds,
                    job.seconds_left,
                    job.error,
                    time.time(),
                    self._collection,
                ),
            )

    def beat(self, job: Job) -> None:
        """As write(), but not too often."""
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._beaten = time.monotonic()
            self.write(job)

    def set(self, state: JobState) -> None:
        """Notes another state of what it is."""
        with self._store.change() as connection:
            connection.execute(
                "INSERT INTO jobs (kind, target, state, heartbeat) "
                "SELECT 'index', id, ?, ? FROM collections WHERE id = ? "
                "ON CONFLICT (kind, target) DO UPDATE SET state = excluded.state, heartbeat = excluded.heartbeat",
                (state, time.time(), self._collection),
            )
