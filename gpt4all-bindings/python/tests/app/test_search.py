"""Search over titles and messages, also in scripts without blanks."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest

from gpt4all._app.chats.search import search
from gpt4all._app.chats.store import Chats
from gpt4all._app.database import Database
from gpt4all._app.schemas.chats import NewChat, SearchHit

from .timing import best_of_three

TEXTS = {
    "Rent": "The rent for the flat in Zürich is due on the first of the month.",
    "日本": "東京タワーは東京都港区にある電波塔です。",
    "中文": "北京是中华人民共和国的首都。",
    "ไทย": "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย",
    "Code": "Use snake_case and 100% of `list[0]`; C++ is not C.",
    "Long": "word " * 2000 + "needle in a haystack " + "word " * 2000,
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = Database(tmp_path_factory.mktemp("search"))
    chats = Chats(made)
    for title, text in TEXTS.items():
        chat = chats.add(NewChat(title=title))
        chats.add_message(chat.id, None, "user", text)
    hidden = chats.add(NewChat(title="rent, deleted"))
    chats.add_message(hidden.id, None, "user", "rent")
    chats.hide(hidden.id)
    return made


def marked(hit: SearchHit) -> list[str]:
    return [hit.snippet[begin:end] for begin, end in hit.marks]


@pytest.mark.parametrize(
    ("query", "title", "found"),
    [
        ("rent due", "Rent", ["rent", "due"]),
        ("zurich", "Rent", ["Zürich"]),
        ("MONT", "Rent", ["month"]),
        ("東京", "日本", ["東京"]),
        ("塔", "日本", ["塔"]),
        ("首都", "中文", ["首都"]),
        ("เมือง", "ไทย", ["เมือง"]),
        ("snake_case", "Code", ["snake_case"]),
        ("%", "Code", ["%"]),
        ("list[0]", "Code", ["list", "0"]),
        ("needle", "Long", ["needle"]),
    ],
)
def test_words_are_found_and_marked(database: Database, query: str, title: str, found: list[str]) -> None:
    hits = [hit for hit in search(database, query, 10) if hit.message_id is not None]
    assert [hit.title for hit in hits] == [title]
    assert marked(hits[0]) == found
    assert len(hits[0].snippet) < 400


def test_titles_come_first(database: Database) -> None:
    hits = search(database, "rent", 10)
    assert [(hit.title, hit.message_id is None) for hit in hits] == [("Rent", True), ("Rent", False)]
    assert marked(hits[0]) == ["Rent"]
    assert len(search(database, "rent", 1)) == 1


@pytest.mark.parametrize(
    "query", ["", "  ", '"', "a AND", "NEAR(", "*", "-x", "col:rent", "\0", "' OR 1=1 --", "(" * 200]
)
def test_no_query_is_an_error(database: Database, query: str) -> None:
    assert isinstance(search(database, query, 10), list)


def test_changes_are_found(tmp_path: Path) -> None:
    made = Database(tmp_path)
    chats = Chats(made)
    chat = chats.add(NewChat(title="t"))
    message = chats.add_message(chat.id, None, "assistant", "before", state="running")
    chats.keep(message.id, "afterwards", None, "done")
    assert search(made, "before", 10) == []
    assert [hit.message_id for hit in search(made, "afterwards", 10)] == [message.id]


def test_ten_thousand_messages(tmp_path: Path) -> None:
    """A key press is answered at once, in words and in letters."""
    made = Database(tmp_path)
    with made.change() as connection:
        now = time.time()
        connection.execute("INSERT INTO chats (id, title, created, updated) VALUES ('c', 't', ?, ?)", (now, now))
        connection.executemany(
            "INSERT INTO messages (id, chat_id, role, content, created, state) VALUES (?, 'c', 'user', ?, 0, 'done')",
            [(str(number), f"message {number} " + "lorem ipsum dolor sit amet 京都 " * 20) for number in range(10_000)],
        )
    for query in ("message 9999", "lorem", "京都", "奈良"):
        assert best_of_three(partial(search, made, query, 30)) < 0.5, query
