"""chat.db: every released schema becomes this one, with what is in it."""

from __future__ import annotations

import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from gpt4all import LLModelIOError, UnsupportedError
from gpt4all._app.chats.store import PURGE_SECONDS, UNUSED_SECONDS, Chats
from gpt4all._app.database import Database, new_id
from gpt4all._app.schema import STEPS
from gpt4all._app.schemas.chats import NewChat
from gpt4all._app.schemas.settings import ChatSettings
from gpt4all._server.errors import RequestError

from .timing import best_of_three

SCHEMAS = Path(__file__).parent / "schemas"


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return [(name, " ".join(sql.split())) for name, sql in rows]


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.sql")), ids=lambda path: path.stem)
def test_complaint_02_every_released_schema_becomes_this_one(path: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with closing(sqlite3.connect(old / "chat.db")) as connection:
        connection.executescript(path.read_text(encoding="utf-8"))
    database = Database(old)
    Database(new).close()
    with closing(sqlite3.connect(old / "chat.db")) as one, closing(sqlite3.connect(new / "chat.db")) as other:
        assert schema(one) == schema(other)
    chats = Chats(database)
    [summary] = chats.listed()
    chat = chats.chat(summary.id)
    assert (chat.title, [message.content for message in chat.messages]) == (
        "Rent",
        ["When is the rent due?", "On the first."],
    )
    assert chat.settings.system == "Be brief."
    assert [(each.name, each.chats) for each in chats.folders()] == ([] if path.stem == "1" else [("House", 1)])
    found = database.rows("SELECT rowid FROM messages_fts WHERE messages_fts MATCH 'rent'")
    assert found == [(1,)]
    assert len(list(old.glob("*.backup"))) == (int(path.stem) < len(STEPS))


def test_there_is_a_file_for_each_schema() -> None:
    assert sorted(int(path.stem) for path in SCHEMAS.glob("*.sql")) == list(range(1, len(STEPS) + 1))


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "chat.db")) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(UnsupportedError, match="newer release"):
        Database(tmp_path)


def test_it_survives_a_loss_of_power(tmp_path: Path) -> None:
    database = Database(tmp_path)
    assert database.rows("PRAGMA journal_mode") == [("wal",)]
    assert database.rows("PRAGMA synchronous") == [(2,)]  # FULL
    assert stat.S_IMODE((tmp_path / "chat.db").stat().st_mode) == 0o600


def test_a_change_is_whole_or_not_at_all(tmp_path: Path) -> None:
    database = Database(tmp_path)
    chats = Chats(database)

    def fail() -> None:
        with database.change():
            chat = chats.add(NewChat(title="a"))
            chats.add_message(chat.id, "none", "user", "x")

    with pytest.raises(RequestError):
        fail()
    assert chats.listed() == []


def test_a_full_disk_is_said_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    database = Database(tmp_path)
    chats = Chats(database)
    kept = chats.add(NewChat(title="kept"))
    pages = database.rows("PRAGMA page_count")[0][0]
    database.rows(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(RequestError, match="is full, so that nothing was changed") as caught:
        chats.add(NewChat(settings=ChatSettings(system="x" * 100_000)))
    assert (caught.value.failure.status, caught.value.failure.code) == (507, "disk_full")
    assert [row[0] for row in database.rows("SELECT id FROM chats")] == [kept.id]
    database.rows("PRAGMA max_page_count = 1000000")
    later = chats.add(NewChat(title="later"))
    database.close()
    assert {row[0] for row in Database(tmp_path).rows("SELECT id FROM chats")} == {kept.id, later.id}


def test_a_damaged_file_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "chat.db").write_bytes(b"no database" * 100)
    with pytest.raises(LLModelIOError, match=r"chat\.db cannot be used: file is not a database; put a backup"):
        Database(tmp_path)
    assert (tmp_path / "chat.db").read_bytes() == b"no database" * 100


def test_ids_sort_by_time() -> None:
    ids = [new_id(moment) for moment in (1.0, 1000.0, 1e9, 2e9)]
    assert ids == sorted(ids)
    assert {len(id) for id in ids} == {32}
    assert new_id() != new_id()


def test_what_was_deleted_long_ago_goes(tmp_path: Path) -> None:
    database = Database(tmp_path)
    chats = Chats(database)
    old, young = (chats.add(NewChat(title=title)) for title in ("old", "young"))
    chats.add_message(old.id, None, "user", "gone")
    kept = chats.add_attachment("kept.txt", "text", 1, "kept")
    lost = chats.add_attachment("lost.txt", "text", 1, "lost")
    chats.add_message(young.id, None, "user", "x", attachments=[kept.model_dump()])
    for each in (old, young):
        chats.hide(each.id)
    gone, there = (chats.add_folder(name) for name in ("gone", "there"))
    chats.remove_folder(gone.id)
    chats.remove_folder(there.id)
    with database.change() as connection:
        connection.execute("UPDATE chats SET deleted = ? WHERE id = ?", (time.time() - PURGE_SECONDS - 1, old.id))
        connection.execute("UPDATE folders SET deleted = ? WHERE id = ?", (time.time() - PURGE_SECONDS - 1, gone.id))
        connection.execute("UPDATE attachments SET created = ?", (time.time() - UNUSED_SECONDS - 1,))
    chats.recover()
    with pytest.raises(RequestError):
        chats.restore(old.id)
    with pytest.raises(RequestError):
        chats.restore_folder(gone.id)
    assert chats.restore_folder(there.id).name == "there"
    assert database.rows("SELECT COUNT(*) FROM messages WHERE content = 'gone'") == [(0,)]
    assert chats.restore(young.id).title == "young"
    assert chats.attached_text(kept.id) == "kept"
    assert chats.attached_text(lost.id) == ""


def test_a_branch_is_one_path_of_the_tree(tmp_path: Path) -> None:
    chats = Chats(Database(tmp_path))
    chat = chats.add(NewChat())
    first = chats.add_message(chat.id, None, "user", "1")
    second = chats.add_message(chat.id, first.id, "assistant", "2")
    chats.add_message(chat.id, first.id, "assistant", "2b")
    third = chats.add_message(chat.id, second.id, "user", "3")
    assert [message.content for message in chats.branch(third.id)] == ["1", "2", "3"]
    assert chats.branch(None) == []


def test_complaint_11_a_thousand_messages_are_read_at_once(tmp_path: Path) -> None:
    chats = Chats(Database(tmp_path))
    chat = chats.add(NewChat())
    parent = None
    with chats.database.change():
        for number in range(1000):
            role = "user" if number % 2 == 0 else "assistant"
            parent = chats.add_message(chat.id, parent, role, f"message {number} " * 50).id
    assert len(chats.chat(chat.id).messages) == len(chats.branch(parent)) == 1000
    assert best_of_three(lambda: (chats.chat(chat.id), chats.branch(parent))) < 0.5


def test_a_page_of_5000_chats_is_read_at_once(tmp_path: Path) -> None:
    chats = Chats(Database(tmp_path))
    folder = chats.add_folder("work").id
    with chats.database.change() as connection:
        for number in range(5000):
            chats.add(NewChat(title=f"chat {number}", folder_id=folder if number % 2 else None))
        connection.execute("UPDATE chats SET updated = 1000")  # as if all were imported at once
    seen, last = list[str](), None
    while page := chats.listed("loose", last, 500):
        last = (page[-1].updated, page[-1].id)
        seen += [each.id for each in page]
    assert len(seen) == len(set(seen)) == 2500
    assert [each.chats for each in chats.folders()] == [2500]
    assert best_of_three(lambda: (chats.listed("loose", None, 100), chats.folders())) < 0.1
