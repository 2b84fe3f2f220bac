"""Chats as Markdown, one or all of them in a zip, and back."""

from __future__ import annotations

import base64
import contextlib
import io
import random
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from gpt4all._app.chats.store import Chats
from gpt4all._app.database import Database
from gpt4all._app.schemas.chats import Chat, ChatChange, Imported, NewChat
from gpt4all._app.transfer import archive, markdown_reader
from gpt4all._app.transfer.archive import Names, archived
from gpt4all._app.transfer.imports import import_file
from gpt4all._app.transfer.markdown import markdown_of
from gpt4all._server.errors import RequestError

from .running import App
from .test_transfer import full, given

TEXTS = [
    "Plain.",
    "",
    "\n\n  Blank lines around, and blanks.  \n\n\n",
    "# A heading\n\n## You\n\nnot a message\n\n## Assistant (m.gguf)\n",
    "```python\n# a fence that is never closed\n---\n",
    "---\ngpt4all-chat: 1\ntitle: another\n---\n",
    '<!-- gpt4all message {"role": "user", "created": "2026-01-01T00:00:00Z"} -->\n<!-- gpt4all text -->\nFake.',
    "<!-- gpt4all-1 text -->\n<!-- gpt4all-2 -->\n<!-- an open comment",
    "<!-- gpt4all text -->",
    "Lines\r\nof Windows\rand\u2028others\x85, \0, and 🏠 éß 中文",
    "> a quotation\n>\n> of two lines",
]


@pytest.fixture
def chats(tmp_path: Path) -> Chats:
    return Chats(Database(tmp_path))


@pytest.fixture
def other(tmp_path: Path) -> Chats:
    return Chats(Database(tmp_path / "other"))


def hard(chats: Chats) -> Chat:
    """A chat of texts that look like what stands between messages."""
    made = chats.add(NewChat(title='A "title": with -->, \\ and\nlines', model="dir/m -->.gguf"))
    parent = None
    for number, text in enumerate(TEXTS):
        created = 1_700_000_000.123457 + number
        parent = chats.add_message(made.id, parent, "user", text, created=created).id
        parent = chats.add_message(
            made.id, parent, "assistant", text, created=created + 0.5, model=f"m{number}) -->.gguf",
            reasoning=text or None, state="stopped" if number % 2 else "done",
        ).id  # fmt: skip
    chats.add_message(made.id, parent, "tool", "42", created=1_700_000_100.0)
    return chats.chat(made.id)


def known(chat: Chat) -> Any:
    """What Markdown has of a chat, times to the microsecond."""
    messages = [
        (each.role, each.content, each.reasoning, round(each.created, 6), each.model, each.state)
        for each in chat.messages
    ]
    return chat.title, chat.model, round(chat.created, 6), round(chat.updated, 6), messages


def taken(chats: Chats, name: str, data: bytes) -> Imported:
    return import_file(chats, given(name, data))


def test_what_is_written(chats: Chats) -> None:
    text = markdown_of(full(chats))
    head, shown = text.split("\n---\n\n")
    assert head.startswith('---\ngpt4all-chat: 1\ntitle: "Rent"\ncreated: 2')
    assert head.endswith('\nmodel: "m.gguf"\nmark: gpt4all')
    assert shown.startswith("# Rent\n\n2")
    assert '"role": "user", ' in shown
    assert " -->\n## You\n\nAttached: lease.txt\n\n<!-- gpt4all text -->\nWhen?\n\n<!-- gpt4all message {" in shown
    assert (
        ' "model": "m.gguf"} -->\n## Assistant (m.gguf)\n\n<!-- gpt4all reasoning -->\n> Let me\n> think\n\n'
        "<!-- gpt4all text -->\nOn the first [1].\n\n<!-- gpt4all sources -->\n- [1] Rent, page 2\n\n"
    ) in shown
    assert shown.endswith(
        '<!-- gpt4all message {"role": "user", "created": "1970-01-01T00:00:05.000000Z"} -->\n## You\n\n'
        "<!-- gpt4all text -->\nAnd *how*?\n"
    )
    assert "Another answer" not in text


def test_it_comes_back(chats: Chats, other: Chats) -> None:
    before = hard(chats)
    written = markdown_of(before)
    assert "mark: gpt4all-3\n" in written
    imported = taken(other, "chat.md", written.encode())
    assert imported.skipped == []
    after = other.chat(imported.chats[0])
    assert known(after) == known(before)
    assert [each.parent for each in after.messages[1:]] == [each.id for each in after.messages[:-1]]
    assert markdown_of(after) == written


def test_a_branch_comes_back_without_what_only_json_has(chats: Chats, other: Chats) -> None:
    imported = taken(other, "chat.md", markdown_of(full(chats)).encode())
    messages = other.chat(imported.chats[0]).messages
    assert [(each.role, each.content, each.reasoning) for each in messages] == [
        ("user", "When?", None),
        ("assistant", "On the first [1].", "Let me\nthink"),
        ("user", "And *how*?", None),
    ]
    assert [len(each.attachments) + len(each.evidence) for each in messages] == [0, 0, 0]


def test_what_editors_do_to_it(chats: Chats, other: Chats) -> None:
    """A mark of byte order, lines as on Windows, quotes that are left out, members that are put in."""
    made = chats.add(NewChat(title="Rent", model="m.gguf"))
    chats.add_message(made.id, None, "user", "One\n\ntwo", created=5.0, model="m.gguf")
    before = chats.chat(made.id)
    text = markdown_of(before).replace('title: "Rent"', "tags: [house]\ntitle: Rent")
    data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    after = other.chat(taken(other, "Rent.txt", data).chats[0])
    assert known(after) == known(before)


def test_the_guide_shows_one(chats: Chats) -> None:
    guide = (ROOT / "docs" / "chat-application.md").read_text(encoding="utf-8")
    shown = guide.partition("```text\n---\n")[2].partition("```")[0]
    chat = chats.chat(taken(chats, "rent.md", f"---\n{shown}".encode()).chats[0])
    assert [chat.title, *(each.content for each in chat.messages)] == ["Rent", "When is the rent due?"]
    assert markdown_of(chat) == f"---\n{shown}"


def test_a_failed_answer_is_cut_off(chats: Chats, other: Chats) -> None:
    made = chats.add(NewChat())
    chats.add_message(made.id, None, "assistant", "Half", state="failed")
    imported = taken(other, "chat.md", markdown_of(chats.chat(made.id)).encode())
    assert other.chat(imported.chats[0]).messages[0].state == "interrupted"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no chat of this application"),
        (b"# Notes\n\n## You\n\nHello\n", "no chat of this application"),
        (b"---\ntitle: Notes\n---\n# Notes\n", "no chat of this application"),
        (b"---\ngpt4all-chat: 1\n" + b"a: b\n" * 200 + b"---\n", "no chat of this application"),
        (b"---\ngpt4all-chat: true\n---\n", "'true' is no version"),
        (b"---\ngpt4all-chat: 0\n---\n", "'0' is no version"),
        (b"---\ngpt4all-chat: 1.0\n---\n", "'1.0' is no version"),
        (b"---\nt\xff: 1\n---\n", "not UTF-8: byte 5"),
    ],
)
def test_what_is_not_ours_is_refused(chats: Chats, data: bytes, why: str) -> None:
    with pytest.raises(RequestError, match=why) as raised:
        taken(chats, "notes.MD", data)
    failure = raised.value.failure
    assert (failure.status, failure.code) == (400, "foreign_markdown")
    assert failure.message.startswith("notes.MD cannot be imported: ")
    assert failure.message.endswith("begins with the lines `---` and `gpt4all-chat: 1`")
    assert chats.listed() == []


def test_a_newer_file_is_refused(chats: Chats) -> None:
    with pytest.raises(RequestError, match="newer release") as raised:
        taken(chats, "chat.md", b"---\ngpt4all-chat: 2\n---\n")
    assert raised.value.failure.code == "unsupported"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"role": "user"', '"role": "system"', "line 13: role: "),
        ('"role": "user"', '"role": "user', "line 13: '{"),
        ('"role": "user"', '"role": "user", "x": 1', "line 13: x: "),
        ('"created": "1970', '"created": "19', "line 13: created: '19"),
        ('"created": "1970', '"created": "1969', "line 13: created: '1969"),
        ("<!-- gpt4all text", "<!-- gpt4all words", "line 16: `<!-- gpt4all words -->` is not expected"),
        ('title: "Rent"', 'title: "\\ud800"', "title: "),
        ('title: "Rent"', f'title: "{"x" * 501}"', "the title has 501 characters"),
        ("created: 2", "created: x2", "created: 'x2"),
        ("mark: gpt4all", "mark: .*", r"the mark '.*'"),
    ],
)
def test_what_was_damaged_is_skipped_with_the_place(chats: Chats, old: str, new: str, reason: str) -> None:
    made = chats.add(NewChat(title="Rent"))
    chats.add_message(made.id, None, "user", "Hello", created=5.0)
    text = markdown_of(chats.chat(made.id))
    assert text.count(old) >= 1
    imported = taken(chats, "chat.md", text.replace(old, new, 1).encode())
    assert imported.chats == []
    assert imported.skipped[0].name == "chat.md"
    assert imported.skipped[0].reason.startswith(reason)
    assert len(chats.listed()) == 1


def test_sizes_are_bounded(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    made = chats.add(NewChat(title="Rent"))
    for text in ("a" * 10, "b" * 11):
        chats.add_message(made.id, chats.leaf(made.id), "user", text)
    data = markdown_of(chats.chat(made.id)).encode()
    assert taken(chats, "chat.md", data).skipped == []
    for name in ("MESSAGES", "TEXT_LENGTH"):
        with monkeypatch.context() as patched:
            patched.setattr(markdown_reader, name, {"MESSAGES": 1, "TEXT_LENGTH": 10}[name])
            assert "at most" in taken(chats, "chat.md", data).skipped[0].reason
    assert len(chats.listed()) == 2


def test_whatever_is_changed_is_read_or_refused(chats: Chats) -> None:
    whole = bytearray(markdown_of(hard(chats)).encode())
    numbers = random.Random(1)
    before = len(chats.listed())
    made = 0
    for _ in range(300):
        changed = whole.copy()
        for _ in range(numbers.randint(1, 4)):
            changed[numbers.randrange(len(changed))] = numbers.choice(b'\n"{}-> \xff\0a1')
        with contextlib.suppress(RequestError):
            made += len(taken(chats, "x.md", bytes(changed)).chats)
    assert len(chats.listed()) == before + made


# ---------------------------------------------------------------------------------------------------------------- zips


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file.getvalue()


def test_names_are_safe_and_each_there_once() -> None:
    names = Names()
    long = "中" * 200
    titles = [
        *("Rent", "rent", "Rent", "Rent (2)", "", " .. ", "../../etc/passwd", "C:\\x", "a\nb\0c", "CON", "nul.txt"),
        *("gnp.\u202edm", "cafe\u0301", "caf\u00e9", "-rf *", long, long, "A" * 500),
    ]
    made = [names.name(title) for title in titles]
    assert made[:11] == [
        *("Rent", "rent (2)", "Rent (3)", "Rent (2) (2)", "chat", "chat (2)", "etc passwd", "C x", "a b c"),
        *("_CON", "_nul.txt"),
    ]
    assert made[11:15] == ["gnp. dm", "cafe\u0301", "caf\u00e9 (2)", "rf"]
    assert made[15:17] == ["中" * 40, "中" * 40 + " (2)"]
    assert len(made[17]) == archive.LONGEST_NAME


def test_all_chats_come_back(chats: Chats, other: Chats) -> None:
    ids = [hard(chats).id, full(chats).id, full(chats).id]
    chats.change(ids[0], ChatChange(title="../up"))
    for number, early in enumerate((0.0, 253_402_214_400.0)):
        made = chats.add(NewChat(title=f"Time {number}"))
        chats.add_message(made.id, None, "user", "Then", created=early)
        ids.append(made.id)
    data = b"".join(archived(chats, [*ids, "deleted meanwhile"]))
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert read.namelist() == ["up.md", "Rent.md", "Rent (2).md", "Time 0.md", "Time 1.md"]
        assert read.infolist()[3].date_time[0] == 1980
        assert read.read("Rent.md").decode() == markdown_of(chats.chat(ids[1]))
    imported = taken(other, "gpt4all-chats.zip", data)
    assert imported.skipped == []
    assert len(imported.chats) == 5
    assert known(other.chat(imported.chats[0])) == known(chats.chat(ids[0]))


def test_what_else_is_in_a_zip(chats: Chats, other: Chats) -> None:
    good = markdown_of(full(chats)).encode()
    files = {"notes.md": b"# Notes", "a/b/Good.md": good, "image.png": b"x", "__MACOSX/._Good.md": b"x"}
    imported = taken(other, "x.zip", packed({**files, "Bad.md": good.replace(b'"role": "user"', b'"role": 5', 1)}))
    assert len(imported.chats) == 1
    assert [each.name for each in imported.skipped] == ["notes.md", "Bad.md"]
    assert "gpt4all-chat: 1" in imported.skipped[0].reason
    for none in ({}, {"image.png": b"x"}):
        with pytest.raises(RequestError, match="has no chats: expected are the files") as raised:
            taken(other, "x.zip", packed(none))
        assert raised.value.failure.code == "foreign_markdown"
    other_way = taken(other, "x.zip", packed({"Good.md": good}, zipfile.ZIP_BZIP2))
    assert "packed in a way" in other_way.skipped[0].reason


def test_a_zip_cannot_unpack_to_more_than_is_taken(chats: Chats, other: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "UNPACKED_BYTES", 1 << 20)
    monkeypatch.setattr(archive, "UNPACKED_RATIO", 5)
    monkeypatch.setattr(archive, "FILES", 10)
    bomb = packed({"a.md": b"\0" * (64 << 20)})
    for data in (bomb, packed({f"{number}.md": b"x" for number in range(11)})):
        with pytest.raises(RequestError, match="more than 10 files or 1 MiB"):
            taken(other, "x.zip", data)
    # One that says it is small: no more than it says is unpacked.
    place = bomb.index(b"PK\x01\x02") + 24
    liar = bomb[:place] + struct.pack("<I", 100) + bomb[place + 4 :]
    tracemalloc.start()
    assert taken(other, "x.zip", liar).chats == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_damaged_zips(chats: Chats, other: Chats) -> None:
    whole = packed({"Rent.md": markdown_of(full(chats)).encode(), "b.md": b"x"})
    with pytest.raises(RequestError, match="damaged zip"):
        taken(other, "x.zip", whole[: len(whole) // 2])
    numbers = random.Random(1)
    for _ in range(500):
        changed = bytearray(whole)
        for _ in range(numbers.randint(1, 6)):
            changed[numbers.randrange(4, len(changed))] = numbers.choice((0, 1, 255, numbers.randrange(256)))
        with contextlib.suppress(RequestError):
            taken(other, "x.zip", bytes(changed))


# ----------------------------------------------------------------------------------------------------------------- API


def test_over_the_api(any_app: App) -> None:
    chat = any_app.chat(title="In Markdown")
    any_app.reply(chat, "Once upon a time")
    answer = any_app.http.get(f"{any_app.address}/app/v1/export?format=markdown", timeout=300)
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="gpt4all-chats-markdown.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        one = archive.read("In Markdown.md")
    assert one.decode() == any_app.ask("GET", f"/chats/{chat}/export?format=markdown")
    for name, data in (("all.zip", answer.content), ("one.md", one)):
        imported = any_app.ask("POST", "/import", {"name": name, "data": base64.b64encode(data).decode()})
        assert imported["skipped"] == []
        copies = [any_app.ask("GET", f"/chats/{each}") for each in imported["chats"]]
        copy = next(each for each in copies if each["title"] == "In Markdown")
        texts = [
            [each["content"] for each in known["messages"]] for known in (copy, any_app.ask("GET", f"/chats/{chat}"))
        ]
        assert texts[0] == texts[1]
    body = {"name": "notes.md", "data": base64.b64encode(b"# Notes").decode()}
    assert any_app.ask("POST", "/import", body, status=400)["error"]["code"] == "foreign_markdown"
    any_app.ask("GET", "/export?format=html", status=400)
