"""What the index of words makes of a text: its words without endings, case and accents.

SQLite itself says it, so that it is the same.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence

TOKENIZER = "porter unicode61 remove_diacritics 2"  # that of chunks_fts


class Terms:
    """Any number of threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize='{TOKENIZER}')")
        self._connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (texts, instance)")

    def __call__(self, texts: Sequence[str]) -> list[list[str]]:
        """The terms of each text, in order."""
        found: list[list[str]] = [[] for _ in texts]
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                self._connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts))
                for number, term in self._connection.execute("SELECT doc, term FROM terms ORDER BY doc, offset"):
                    found[number].append(term)
            finally:
                self._connection.execute("ROLLBACK")
        return found
