"""Export as JSON; import of that and of the old application's files."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import random
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gpt4all._app.chats.store import Chats
from gpt4all._app.database import Database
from gpt4all._app.schemas.chats import Chat, Imported, ImportFile, NewChat
from gpt4all._app.schemas.settings import ChatSettings
from gpt4all._app.transfer import archive, json_format, old_chat
from gpt4all._app.transfer.imports import import_file, import_stream
from gpt4all._app.transfer.uploads import AT_ONCE, Uploads
from gpt4all._server.errors import RequestError

from .qt_writer import Item, Part, chat, thought, tool_call
from .running import App

EVIDENCE = {
    "number": 1, "file_id": None, "collection": "notes", "path": "/n/rent.pdf", "title": "Rent", "headings": [],
    "pages": [2, 2], "start": 0, "end": 3, "found": [0, 3], "text": "due", "sha256": "0", "scores": None, "cited": True,
}  # fmt: skip


@pytest.fixture
def chats(tmp_path: Path) -> Chats:
    return Chats(Database(tmp_path))


def full(chats: Chats) -> Chat:
    """A chat with everything in it."""
    settings = ChatSettings.model_validate({"system": "Be brief.", "schema": {"type": "object"}})
    folder = chats.add_folder("Home")
    made = chats.add(NewChat(title="Rent", folder_id=folder.id, settings=settings))
    attached = chats.add_attachment("lease.txt", "text", 5, "lease")
    user = chats.add_message(made.id, None, "user", "When?", attachments=[attached.model_dump()])
    reply = chats.add_message(
        made.id, user.id, "assistant", "On the first [1].", reasoning="Let me\nthink", model="m.gguf",
        evidence=[EVIDENCE], prompt="evidence and question", reasoning_seconds=1.5, stop_reason="stop",
    )  # fmt: skip
    chats.add_message(made.id, user.id, "assistant", "Another answer", leaf=False)
    last = chats.add_message(made.id, reply.id, "user", "And *how*?", created=5.0)
    chats.change_data(reply.id, dropped=[user.id])
    assert chats.chat(made.id).leaf == last.id
    return chats.chat(made.id)


def given(name: str, data: bytes) -> ImportFile:
    return ImportFile(name=name, data=base64.b64encode(data).decode())


def test_json_comes_back_as_it_was(chats: Chats, tmp_path: Path) -> None:
    before = full(chats)
    file = json.dumps(json_format.exported(chats, [before.id])).encode()
    other = Chats(Database(tmp_path / "other"))
    imported = import_file(other, given("chats.json", file))
    assert imported.skipped == []
    after = other.chat(imported.chats[0])
    assert simple(after) == simple(before)
    assert other.folders()[0].name == "Home"
    assert other.data(after.messages[1].id)["prompt"] == "evidence and question"
    assert other.attached_text(after.messages[0].attachments[0].id) == "lease"
    again = import_file(other, given("chats.json", file))  # beside what there is
    assert len(other.listed()) == 2
    assert again.chats != imported.chats


def simple(chat: Chat) -> Any:
    """Without what must differ: ids become places."""
    text = chat.model_dump_json(exclude={"folder_id"})
    ids = [chat.id, *(message.id for message in chat.messages)]
    ids += [each.id for message in chat.messages for each in message.attachments]
    for place, id in enumerate(ids):
        text = text.replace(id, f"id {place}")
    return json.loads(text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no file of chats"),
        (b"[" * 100_000, "no file of chats"),
        (b"{}", "no chats of this application"),
        (b'{"format": "gpt4all-chats", "version": 2, "chats": []}', "newer release"),
        (b'{"format": "gpt4all-chats", "version": 1, "chats": 5}', "no chats"),
        *(
            (
                b'{"format": "gpt4all-chats", "version": %s, "chats": []}' % each,
                "no version that is a whole number from 1",
            )
            for each in (b"true", b"false", b"1.0", b"0", b"-1", b'"1"', b"null", b"[]")
        ),
    ],
)
def test_what_is_no_file_of_chats_is_refused(chats: Chats, data: bytes, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        import_file(chats, given("x.json", data))
    for wrong in ("*", "é", "a"):
        with pytest.raises(RequestError, match="base64"):
            import_file(chats, ImportFile(name="x", data=wrong))


def test_a_chat_that_is_not_valid_keeps_no_other_out(chats: Chats) -> None:
    file = json_format.exported(chats, [full(chats).id])
    good = file["chats"][0]
    circle = json.loads(json.dumps(good))
    circle["messages"][0]["parent"] = circle["messages"][-1]["id"]
    half = json.loads(json.dumps(good))
    half["messages"][0]["texts"] = {"a": "\ud800"}
    half["folder"] = "\udfff"
    late = {**good, "created": 1e300}
    early = json.loads(json.dumps(good))
    early["messages"][0]["created"] = -1e300
    file["chats"] = [1, {"title": "Bad"}, circle, {**good, "created": "x"}, half, late, early, good]
    before = len(chats.listed())
    imported = import_file(chats, given("x.json", json.dumps(file).encode()))
    assert len(imported.chats) == 1
    assert [each.name for each in imported.skipped] == ["chat 1", "Bad", *["Rent"] * 5]
    assert len(chats.listed()) == before + 1


def test_over_the_api(any_app: App) -> None:
    chat = any_app.chat(title="Exported", settings={"sampling": {"max_tokens": 4}})
    any_app.reply(chat, "Once upon a time")
    markdown = any_app.ask("GET", f"/chats/{chat}/export?format=markdown")
    assert markdown.startswith('---\ngpt4all-chat: 1\ntitle: "Exported"\n')
    one = any_app.ask("GET", f"/chats/{chat}/export?format=json")
    everything = any_app.http.get(f"{any_app.address}/app/v1/export", timeout=300)
    assert everything.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(everything.content)) as read:
        assert json.loads(read.read("Exported.json")) == one
        number = len(read.namelist())
    data = base64.b64encode(json.dumps(one).encode()).decode()
    imported = any_app.ask("POST", "/import", {"name": "chat.json", "data": data})
    assert any_app.ask("GET", f"/chats/{imported['chats'][0]}")["title"] == "Exported"
    any_app.ask("POST", "/import", {"name": "chat.json", "data": ""}, status=400)
    piece: dict[str, Any] = {"name": "all.zip", "size": len(everything.content)}
    received, id = 0, None
    while received < len(everything.content):
        data = base64.b64encode(everything.content[received : received + 700]).decode()
        done = any_app.ask("POST", "/import/pieces", {**piece, "id": id, "offset": received, "data": data})
        received, id = done["received"], done["id"]
    assert done["imported"]["skipped"] == []
    assert len(done["imported"]["chats"]) == number
    any_app.ask("POST", "/import/pieces", {**piece, "id": id, "offset": received, "data": data}, status=404)


# --------------------------------------------------------------------------------------------------------- large files


def many(chats: Chats, count: int, characters: int) -> list[str]:
    """Chats of text that cannot be packed to a tenth of it."""
    numbers = random.Random(1)
    made = []
    with chats.database.change():
        for number in range(count):
            chat = chats.add(NewChat(title=f"Chat {number}"))
            chats.add_message(chat.id, None, "user", numbers.randbytes(characters // 2).hex())
            made.append(chat.id)
    return made


def test_more_than_a_request_has_room_for_comes_back(
    chats: Chats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FILE_BYTES", 1 << 20)
    monkeypatch.setattr(archive, "UNPACKED_BYTES", 1 << 20)
    ids = many(chats, 40, 400_000)
    path, other = tmp_path / "all.zip", Chats(Database(tmp_path / "other"))
    tracemalloc.start()
    with path.open("wb") as file:
        file.writelines(archive.archived(chats, ids, "json"))
    exporting = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    with path.open("rb") as file:
        imported = import_stream(other, "all.zip", file)
    importing = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 8 * archive.FILE_BYTES
    assert imported.skipped == []
    assert [simple(other.chat(each)) for each in imported.chats] == [simple(chats.chat(each)) for each in ids]
    assert max(exporting, importing) < 8 << 20  # a few times one chat, of 40


def test_what_is_too_large_is_said(chats: Chats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = many(chats, 2, 300_000)
    file = json.dumps(json_format.exported(chats, ids)).encode()
    path = tmp_path / "all.zip"
    with path.open("wb") as written:
        written.writelines(archive.archived(chats, ids, "json"))
    monkeypatch.setattr(archive, "FILE_BYTES", 200_000)
    with pytest.raises(RequestError, match=r"chats\.json has 0 MiB, .* unless it is a zip") as raised:
        import_file(chats, given("chats.json", file))
    assert raised.value.failure.code == "chats_too_large"
    with path.open("rb") as read:
        imported = import_stream(chats, "all.zip", read)
    assert [(each.name, each.code) for each in imported.skipped] == [
        ("Chat 0.json", "chat_not_unpacked"),
        ("Chat 1.json", "chat_not_unpacked"),
    ]


def test_pieces_of_a_file(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    first = uploads.add(None, "a.zip", 5, 0, b"ab")
    for offset, size, data in ((0, 5, b"x"), (3, 5, b"x"), (2, 6, b"x"), (2, 5, b"xxxx"), (2, 5, b"")):
        with pytest.raises(RequestError, match="byte 2 of 5 must come next") as raised:
            uploads.add(first.id, "a.zip", size, offset, data)
        assert raised.value.failure.status == 409
    assert uploads.add(first.id, "a.zip", 5, 2, b"cde").is_whole
    with uploads.whole(first) as path:
        assert path.read_bytes() == b"abcde"
    assert not path.exists()
    with pytest.raises(RequestError, match="no more"):
        uploads.add(first.id, "a.zip", 5, 5, b"f")
    begun = [uploads.add(None, f"{number}.zip", 5, 0, b"ab") for number in range(AT_ONCE + 1)]
    assert [each.path.exists() for each in begun] == [False] + [True] * AT_ONCE
    Uploads(tmp_path).clear()  # those of an earlier run
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------------------------------- the old application's

ITEMS = [
    Item("Prompt: ", "Wann ist die Miete fällig? 🏠"),
    Item("Response: ", "On the first.", True, ("notes", "/home/me/docs", "rent.pdf", "Lease", "due on 1st", 3)),
    Item("Prompt: ", "Thanks"),
    Item("Response: ", "You are welcome."),
]  # fmt: skip


@pytest.mark.parametrize("state", [b"state", None], ids=["with state", "without state"])
@pytest.mark.parametrize("version", range(1, 11))
def test_old_chats_are_read(chats: Chats, version: int, state: bytes | None) -> None:
    data = chat(version, "Rent", "Llama 3", ITEMS, state=state if version >= 6 else b"state")
    known = chats.chat(imported(chats, data).chats[0])
    assert (known.title, known.model, known.created) == ("Rent", "Llama 3", 1_700_000_000)
    assert [(each.role, each.content) for each in known.messages] == [
        ("user", ITEMS[0].value),
        ("assistant", "On the first."),
        ("user", "Thanks"),
        ("assistant", "You are welcome."),
    ]
    assert [each.parent for each in known.messages[1:]] == [each.id for each in known.messages[:-1]]
    assert [each.state for each in known.messages] == ["done", "stopped", "done", "done"]
    sources = known.messages[1].evidence
    if version >= 3:
        assert [each.text for each in sources] == ["due on 1st"]
        assert sources[0].path.endswith("rent.pdf")
    if version >= 8:
        assert (sources[0].pages, sources[0].collection, sources[0].title) == ([3, 3], "notes", "Lease")
        assert sources[0].path == "/home/me/docs/rent.pdf"


@pytest.mark.parametrize("version", [10, 11, 12])
def test_later_old_chats_have_attachments(chats: Chats, version: int) -> None:
    question = Item("Prompt: ", "What is in it?", attachment=("file:///home/me/a%20b.txt", b"content"))
    known = chats.chat(imported(chats, chat(version, "t", "m", [question])).chats[0])
    attached = known.messages[0].attachments[0]
    assert (attached.name, chats.attached_text(attached.id)) == ("a b.txt", "content")


def test_the_last_old_format_has_thoughts_and_tools(chats: Chats) -> None:
    source = ("notes", "/d", "f.txt", "F", "text", -1)
    thinking = Part("Response: ", "", parts=[Part("Text: ", "Let me see. "), thought("<think>\nhm\n</think>", 1500)])
    calling = Part("Response: ", "", parts=[tool_call("console.log(2)", "2")])
    answer = Item("Response: ", "It is 2.", parts=[thinking, calling, Part("ToolResponse: ", "2")])
    data = chat(12, "t", "m", [Item("Prompt: ", "1 + 1?", source=source), answer])
    reply = chats.chat(imported(chats, data).chats[0]).messages[1]
    assert (reply.content, reply.reasoning, reply.reasoning_seconds) == ("Let me see. It is 2.", "hm", 1.5)
    [call] = reply.tool_calls
    assert (call.name, json.loads(call.arguments), call.result) == (
        "javascript_interpret",
        {"code": "console.log(2)"},
        "2",
    )
    assert [(each.path, each.pages) for each in reply.evidence] == [("/d/f.txt", None)]


def imported(chats: Chats, data: bytes) -> Imported:
    found = import_file(chats, given("gpt4all-0f9a.chat", data))
    assert found.skipped == []
    return found


def test_damaged_old_chats_are_skipped_with_the_reason(chats: Chats) -> None:
    """Whatever is cut off or changed: it is read, or said why not; and nothing half is kept."""
    whole = chat(12, "t", "m", [*ITEMS, Item("Response: ", "x", parts=[thought("y", 1), tool_call("a", "b")])])
    for cut in range(4, len(whole)):
        found = import_file(chats, given("x.chat", whole[:cut]))
        assert found.chats == []
        assert "too early" in found.skipped[0].reason or "more than the file" in found.skipped[0].reason
    late = whole[:8] + b"\x7f" + whole[9:]
    assert "no date" in import_file(chats, given("x.chat", late)).skipped[0].reason
    assert chats.listed() == []
    numbers = random.Random(1)
    for _ in range(2000):
        changed = bytearray(whole)
        for _ in range(numbers.randint(1, 8)):
            changed[numbers.randrange(4, len(changed))] = numbers.choice((0, 255, 127, numbers.randrange(256)))
        with contextlib.suppress(old_chat.UnreadableChatError):
            old_chat.read(bytes(changed))


def test_an_unknown_version_is_said(chats: Chats) -> None:
    found = import_file(chats, given("x.chat", chat(13, "t", "m", [])))
    assert "version 13" in found.skipped[0].reason
    deep = Part("Response: ", "x")
    for _ in range(100):
        deep = Part("Response: ", "x", parts=[deep])
    data = chat(12, "t", "m", [Item("Response: ", "x", parts=[deep])])
    assert "too deep" in import_file(chats, given("x.chat", data)).skipped[0].reason
