"""API keys for programs, which the page makes. Only their hashes are kept."""

from __future__ import annotations

import time

from .._server.access.keys import PREFIX, accepted, hashed, new_key
from .._server.errors import RequestError
from .database import Database, new_id
from .schemas.state import Key, MadeKey

SHOWN = len(PREFIX) + 4


class Keys:
    """The keys in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hashes = self._read()

    def _read(self) -> tuple[str, ...]:
        return tuple(row[0] for row in self._database.rows("SELECT hash FROM keys"))

    @property
    def any(self) -> bool:
        """Whether there are keys, so that programs have to give one."""
        return bool(self._hashes)

    def accepts(self, key: str | None) -> bool:
        """Whether that is one of them."""
        return accepted(key, self._hashes)

    def forget(self) -> None:
        """Takes note that the database has been wiped."""
        self._hashes = self._read()

    def listed(self) -> list[Key]:
        rows = self._database.rows("SELECT id, name, created, prefix FROM keys ORDER BY created, id")
        return [Key(id=id, name=name, created=created, prefix=prefix) for id, name, created, prefix in rows]

    def add(self, name: str) -> MadeKey:
        key, id = new_key(), new_id()
        with self._database.change() as connection:
            row = (id, name, hashed(key), key[:SHOWN], time.time())
            connection.execute("INSERT INTO keys (id, name, hash, prefix, created) VALUES (?, ?, ?, ?, ?)", row)
        self._hashes = self._read()
        return MadeKey(id=id, key=key)

    def remove(self, id: str) -> None:
        """Raises RequestError 404."""
        with self._database.change() as connection:
            if not connection.execute("DELETE FROM keys WHERE id = ?", (id,)).rowcount:
                raise RequestError(404, "there is no such key", code="not_found")
        self._hashes = self._read()
