"""Words in titles and messages. Scripts without blanks between words are searched by their letters."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ..database import Database
from ..schemas.chats import SearchHit

AROUND = 60
"""Characters on each side of what was found."""

# Chinese, Japanese, Thai, Lao, Khmer, Burmese: unicode61 takes a whole run of their letters for one word.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"\w+")
_FIRST, _LAST = "\ue000", "\ue001"  # of private use, so that no text should have them
_MARKED = re.compile(f"{_FIRST}(.*?){_LAST}", re.DOTALL)
_TITLES = "FROM chats_fts JOIN chats c ON c.number = chats_fts.rowid WHERE chats_fts MATCH ? AND c.deleted IS NULL"
_MESSAGES = (
    "FROM messages_fts JOIN messages m ON m.number = messages_fts.rowid JOIN chats c ON c.id = m.chat_id "
    "WHERE messages_fts MATCH ? AND c.deleted IS NULL"
)


def search(database: Database, query: str, limit: int) -> list[SearchHit]:
    """Titles first, then messages, the best first."""
    query = unicodedata.normalize("NFC", query).strip()
    if _UNSPACED.search(query):
        return _by_letters(database, query, limit)
    words = _WORD.findall(query)
    if not words:
        return _by_letters(database, query, limit) if query else []
    # Each word may go on: it may not be typed to its end yet.
    match = " ".join(f'"{word}"*' for word in words)
    marks = (_FIRST, _LAST)
    titles = database.rows(
        f"SELECT c.id, c.title, NULL, highlight(chats_fts, 0, ?, ?), c.updated {_TITLES} ORDER BY rank LIMIT ?",
        (*marks, match, limit),
    )
    messages = database.rows(
        f"SELECT c.id, c.title, m.id, snippet(messages_fts, 0, ?, ?, '…', 24), c.updated {_MESSAGES} "
        "ORDER BY rank LIMIT ?",
        (*marks, match, limit - len(titles)),
    )
    return [_marked(*row) for row in (*titles, *messages)]


def _marked(chat: str, title: str, message: str | None, text: str, updated: float) -> SearchHit:
    """text: with the words between marks."""
    plain, marks, end = "", [], 0
    for found in _MARKED.finditer(text):
        plain += text[end : found.start()]
        marks.append([len(plain), len(plain) + len(found[1])])
        plain += found[1]
        end = found.end()
    plain += text[end:]
    return SearchHit(chat_id=chat, title=title, message_id=message, snippet=plain, marks=marks, updated=updated)


def _by_letters(database: Database, query: str, limit: int) -> list[SearchHit]:
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", query) + "%"
    rows: list[tuple[Any, ...]] = database.rows(
        "SELECT id, title, NULL, title, updated FROM chats WHERE deleted IS NULL AND title LIKE ? ESCAPE '\\' "
        "ORDER BY updated DESC LIMIT ?",
        (pattern, limit),
    )
    rows += database.rows(
        "SELECT c.id, c.title, m.id, m.content, c.updated FROM messages m JOIN chats c ON c.id = m.chat_id "
        "WHERE c.deleted IS NULL AND m.content LIKE ? ESCAPE '\\' ORDER BY m.number DESC LIMIT ?",
        (pattern, limit - len(rows)),
    )
    return [_cut(query, *row) for row in rows]


def _cut(query: str, chat: str, title: str, message: str | None, text: str, updated: float) -> SearchHit:
    """A part of the text around what was found."""
    found = re.search(re.escape(query), text, re.IGNORECASE)
    begin, end = found.span() if found else (0, 0)
    first = max(0, begin - AROUND)
    before, after = "…" * (first > 0), "…" * (end + AROUND < len(text))
    snippet = f"{before}{text[first : end + AROUND]}{after}"
    moved = len(before) - first
    marks = [[begin + moved, end + moved]] if found else []
    return SearchHit(chat_id=chat, title=title, message_id=message, snippet=snippet, marks=marks, updated=updated)
