"""The database: schemas of all releases, backups, locks, slots of vectors."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from conftest import child_environment
from gpt4all import BusyError, LLModelError, LLModelIOError, UnsupportedError
from gpt4all._data import migrate, schema_version
from gpt4all.documents._chunks import Chunk
from gpt4all.documents._schema import STEPS
from gpt4all.documents._store import Store
from gpt4all.documents._text import Block, Text

SCHEMAS = Path(__file__).parent / "schemas"


def dump(connection: sqlite3.Connection) -> str:
    return "\n".join(connection.iterdump())


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return [(name, " ".join(sql.split())) for name, sql in rows]


def content(store: Store, name: str, texts: list[str]) -> list[int]:
    """Adds a content of one chunk for each text, and returns the chunks."""
    whole = "\n".join(texts)
    found, place = [], 0
    for text in texts:
        found.append(Chunk(place, place + len(text), (), None, None))
        place += len(text) + 1
    with store.change():
        number = store.add_content(Text(whole, (Block(0, len(whole)),), sha256=name), "text", found)
    return [row[0] for row in store.rows("SELECT id FROM chunks WHERE content_id = ? ORDER BY ord", (number,))]


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.sql")), ids=lambda path: path.stem)
def test_every_released_schema_becomes_this_one(path: Path, tmp_path: Path) -> None:
    """With what is in it: a search by words finds the same chunk."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "docs.db")) as old:
        old.executescript(path.read_text(encoding="utf-8"))
    store = Store(folder)
    with closing(sqlite3.connect(":memory:")) as new:
        migrate(new, tmp_path / "new.db", STEPS)
        assert schema(store.connection) == schema(new)
    found = store.rows(
        "SELECT c.text FROM chunks_fts JOIN chunks c ON c.id = chunks_fts.rowid WHERE chunks_fts MATCH 'rent'"
    )
    assert found == [("The rent is due.",)]
    assert store.rows("SELECT relpath, state FROM files") == [("house.txt", "ready")]
    backups = list(folder.glob("*.backup"))
    assert len(backups) == (int(path.stem) < len(STEPS))
    store.close()


def test_there_is_a_file_for_each_schema() -> None:
    assert sorted(int(path.stem) for path in SCHEMAS.glob("*.sql")) == list(range(1, len(STEPS) + 1))


def test_a_migration_backs_up_first(tmp_path: Path) -> None:
    path = tmp_path / "docs.db"
    with closing(sqlite3.connect(path)) as connection:
        migrate(connection, path, ("CREATE TABLE a (b);",))
        connection.execute("INSERT INTO a VALUES (1)")
        connection.commit()
        migrate(connection, path, ("CREATE TABLE a (b);", "ALTER TABLE a ADD COLUMN c DEFAULT 2;"))
        assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]
    with closing(sqlite3.connect(tmp_path / "docs.db.schema-1.backup")) as backup:
        assert backup.execute("SELECT * FROM a").fetchall() == [(1,)]
        assert schema_version(backup) == 1


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "docs.db"
    with closing(sqlite3.connect(path)) as connection:
        migrate(connection, path, ("CREATE TABLE a (b);",))
        before = dump(connection)
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, path, ("CREATE TABLE a (b);", "CREATE TABLE d (e); CREATE TABLE a (b);"))
    with closing(sqlite3.connect(path)) as connection:
        assert dump(connection) == before
        assert schema_version(connection) == 1


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "docs.db")) as connection:
        connection.execute("PRAGMA user_version = 999")
    for read_only in (False, True):
        with pytest.raises(UnsupportedError, match="newer release") as caught:
            Store(tmp_path, read_only=read_only)
        assert caught.value.detail["schema"] == 999


def test_one_process_changes_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    program = (
        "import sys; from pathlib import Path; from gpt4all.documents._store import Store\n"
        "try: Store(Path(sys.argv[1]), read_only=sys.argv[2] == 'r')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "else: print('open')"
    )

    def other(how: str) -> str:
        command = [sys.executable, "-c", program, str(tmp_path), how]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=child_environment()).stdout

    assert other("w").startswith("BusyError another process")
    assert other("r") == "open\n"
    with pytest.raises(BusyError):
        Store(tmp_path)
    store.close()
    assert other("w") == "open\n"


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LLModelError, match="there are no documents"):
        Store(tmp_path / "none", read_only=True)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / "docs.db").write_bytes(b"no database" * 100)
    with pytest.raises(LLModelIOError, match="file is not a database"):
        Store(tmp_path, read_only=read_only)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    Store(tmp_path / "data").close()
    assert (tmp_path / "data").stat().st_mode & 0o77 == 0
    assert (tmp_path / "data" / "docs.db").stat().st_mode & 0o77 == 0


def test_slots_of_removed_chunks_are_used_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    model = store.model("m", 2)
    first, second = content(store, "a", ["one", "two"]), content(store, "b", ["three"])
    store.add_vectors(model, [*first, *second], [[1, 0], [0, 1], [0.6, 0.8]])
    with store.change() as connection:
        connection.execute("DELETE FROM contents WHERE sha256 = 'a'")
    store.close()
    store = Store(tmp_path)
    third = content(store, "c", ["four", "five", "six"])
    store.add_vectors(model, third, [[-1, 0], [0, -1], [0.8, 0.6]])
    slots = dict(store.rows("SELECT chunk_id, slot FROM vectors"))
    assert sorted(slots.values()) == [0, 1, 2, 3]
    vectors = store.vectors(model)
    read = vectors.read([slots[third[0]], slots[second[0]]])
    assert read.tolist() == [[-1, 0], pytest.approx([0.6, 0.8], abs=1e-3)]
    store.close()


def test_chunks_with_the_same_text_share_the_work(tmp_path: Path) -> None:
    store = Store(tmp_path)
    model = store.model("m", 2)
    store.add_vectors(model, content(store, "a", ["one", "two"]), [[1, 0], [0, 1]])
    chunks = content(store, "b", ["two", "three"])
    assert store.copy_vectors(model) == 1
    slot = store.rows("SELECT slot FROM vectors WHERE chunk_id = ?", (chunks[0],))[0][0]
    assert store.vectors(model).read([slot]).tolist() == [[0, 1]]
    assert store.rows("SELECT 1 FROM vectors WHERE chunk_id = ?", (chunks[1],)) == []
    store.close()


def test_the_full_text_index_follows(tmp_path: Path) -> None:
    store = Store(tmp_path)
    content(store, "a", ["The rent is due."])
    for table in ("chunks_fts", "chunks_tri"):
        assert store.rows(f"SELECT COUNT(*) FROM {table} WHERE {table} MATCH 'rent'") == [(1,)]
        store.connection.execute(f"INSERT INTO {table}({table}) VALUES ('integrity-check')")
    store.drop_unused()
    for table in ("chunks_fts", "chunks_tri"):
        assert store.rows(f"SELECT COUNT(*) FROM {table} WHERE {table} MATCH 'rent'") == [(0,)]
    store.close()


def test_looking_for_the_same_text_does_not_go_through_all_vectors(tmp_path: Path) -> None:
    """It is done for each file, so that indexing would take longer the more there is."""
    store = Store(tmp_path)
    model = store.model("fake", 2)
    contents = [content(store, f"{number}", [f"text {number}", "the same"]) for number in range(2)]
    for number in range(200):
        store.add_vectors(model, content(store, f"many {number}", [f"many {number}"]), [[1, 0]])
    store.add_vectors(model, contents[0], [[1, 0], [0, 1]])
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    store.connection.set_progress_handler(count, 1)
    (number,) = store.rows("SELECT content_id FROM chunks WHERE id = ?", (contents[1][0],))[0]
    assert store.copy_vectors(model, number) == 1
    assert steps[0] < 1000
    store.connection.set_progress_handler(None, 0)
    store.close()
