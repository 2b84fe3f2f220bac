"""Chats, folders, branches; titles; deletions that are undone."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gpt4all._app.chats import choice
from gpt4all._app.chats.store import Chats
from gpt4all._app.chats.titles import CHARACTERS, UNTITLED, title_of
from gpt4all._app.database import Database
from gpt4all._app.failures import REMEDIES
from gpt4all._app.preferences import Preferences
from gpt4all._app.schemas.chats import NewChat
from gpt4all._app.schemas.settings import AppValues
from gpt4all._server.store import Store

from .conftest import SMOLLM2, TEXT, THINKING, Start
from .running import App
from .timing import in_one_of_three

LONG = {"sampling": {"max_tokens": 100_000, "temperature": 0}}
STORY = "Tell me a very long story about a castle."
SHORT = {"sampling": {"max_tokens": 8, "temperature": 0}}


def titles(app: App) -> list[str]:
    return [chat["title"] for chat in app.ask("GET", "/chats")]


def test_a_message_is_answered(app: App) -> None:
    chat = app.chat(settings=SHORT)
    sent = app.send(chat, "Once upon a time")
    assert (sent["user"]["role"], sent["user"]["content"], sent["user"]["parent"]) == ("user", "Once upon a time", None)
    assert (sent["reply"]["role"], sent["reply"]["state"], sent["reply"]["parent"]) == (
        "assistant",
        "running",
        sent["user"]["id"],
    )
    events = list(app.events(sent["job"]))
    assert [event["seq"] for event in events] == list(range(len(events)))
    kinds = [event["type"] for event in events]
    assert kinds[-1] == "done"
    assert {"stage", "context", "text", "stats"} <= set(kinds)
    message = events[-1]["message"]
    assert message["state"] == "done"
    assert message["content"] == "".join(event["text"] for event in events if event["type"] == "text") != ""
    assert message["stop_reason"] in ("stop", "length")
    assert message["stats"]["tokens"] == 8
    assert message["stats"]["tokens_per_second"] > 0
    known = app.ask("GET", f"/chats/{chat}")
    assert [each["id"] for each in known["messages"]] == [sent["user"]["id"], message["id"]]
    assert (known["leaf"], known["model"], known["job"]) == (message["id"], TEXT, None)


def test_a_branch_is_kept_when_a_message_is_edited(app: App) -> None:
    chat = app.chat(settings=SHORT)
    first = app.reply(chat, "one")
    second = app.reply(chat, "two")
    edited = app.send(chat, "two, edited", parent=first["id"])
    app.wait(edited["job"])
    known = app.ask("GET", f"/chats/{chat}")
    children = [each["content"] for each in known["messages"] if each["parent"] == first["id"]]
    assert children == ["two", "two, edited"]
    assert known["leaf"] == edited["reply"]["id"]
    back = app.ask("PATCH", f"/chats/{chat}", {"leaf": second["id"]})
    assert back["leaf"] == second["id"]
    again = app.ask("POST", f"/messages/{second['id']}/regenerate", status=201)
    assert again["reply"]["parent"] == second["parent"]
    app.wait(again["job"])
    root = app.send(chat, "another beginning", parent=None)
    assert root["user"]["parent"] is None
    app.wait(root["job"])


def test_an_answer_goes_on(app: App) -> None:
    chat = app.chat(settings=SHORT)
    reply = app.reply(chat, "Once upon a time")
    more = app.ask("POST", f"/messages/{reply['id']}/continue", status=201)
    assert more["reply"]["id"] == reply["id"]
    longer = app.wait(more["job"])
    assert longer["content"].startswith(reply["content"])
    assert len(longer["content"]) > len(reply["content"])
    user = app.ask("GET", f"/chats/{chat}")["messages"][0]
    app.ask("POST", f"/messages/{user['id']}/continue", status=400)


def test_a_chat_answers_once_at_a_time(app: App, slow_store: Path) -> None:
    chat = app.chat(model=SMOLLM2, settings=LONG)
    sent = app.send(chat, STORY)
    for path, body in (
        (f"/chats/{chat}/messages", {"content": "second"}),
        (f"/messages/{sent['user']['id']}/regenerate", None),
        (f"/messages/{sent['reply']['id']}/continue", None),
    ):
        assert app.ask("POST", path, body, status=409)["error"]["code"] == "busy"
    assert next(each for each in app.ask("GET", "/chats") if each["id"] == chat)["job"] == sent["job"]
    app.ask("POST", f"/jobs/{sent['job']}/stop", status=204)
    assert len(app.ask("GET", f"/chats/{chat}")["messages"]) == 2
    app.ask("POST", f"/jobs/{sent['job']}/stop", status=204)  # harmless


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is the capital of France?", "What is the capital of France?"),
        ("# A heading\n\nand text", "A heading"),
        ("\n\n  *bold* move  \n", "bold move"),
        ("```\ncode\n```", "code"),
        ("Please tell me everything that you know about the history of Rome", "Please tell me everything that you know about…"),  # noqa: E501
        ("日本語の文章にはふつう単語の間に空白がありません。" * 3, None),
        ("   \n\t", UNTITLED),
        ("x" * 100, "x" * CHARACTERS + "…"),
    ],
)  # fmt: skip
def test_titles_are_the_first_words(text: str, title: str | None) -> None:
    made = title_of(text)
    assert len(made) <= CHARACTERS + 1
    if title is not None:
        assert made == title
    else:
        assert text.startswith(made.rstrip("…"))


def test_complaint_09_titles_ask_no_model(app: App) -> None:
    """The title is there before the answer begins."""
    chat = app.chat(settings=SHORT)
    sent = app.send(chat, "How tall is Mount Everest, and who climbed it first?")
    assert app.ask("GET", f"/chats/{chat}")["title"] == "How tall is Mount Everest, and who climbed it…"
    app.wait(sent["job"])
    app.ask("PATCH", f"/chats/{chat}", {"title": "Mountains"})
    app.reply(chat, "another question")
    assert app.ask("GET", f"/chats/{chat}")["title"] == "Mountains"


def test_a_message_of_attachments_alone_is_named_after_them(tmp_path: Path) -> None:
    chats = Chats(Database(tmp_path))
    chat = chats.add(NewChat())
    attached = chats.add_attachment("lease 2024.pdf", "text", 5, "lease")
    chats.add_message(chat.id, None, "user", "", attachments=[attached.model_dump()])
    assert chats.summary(chat.id).title == "lease 2024.pdf"


def test_the_default_model_can_chat(store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of those that are there, if none is chosen; never one that makes vectors."""
    monkeypatch.setenv("GPT4ALL_CACHE", str(tmp_path / "cache"))
    models = tmp_path / "cache" / "models"
    models.mkdir(parents=True)
    database = Database(tmp_path / "data")
    preferences = Preferences(database)
    assert choice.default(Store(), preferences, database) is None
    (models / "a-broken.gguf").write_bytes(b"GGUF")
    (models / "b-vectors.gguf").symlink_to(store / "models" / "tiny-bert.gguf")
    assert choice.default(Store(), preferences, database) is None
    (models / "c-text.gguf").symlink_to(store / "models" / TEXT)
    found = choice.default(Store(), preferences, database)
    assert found is not None
    assert found.id == "c-text.gguf"
    preferences.change(AppValues(default_model="c-text"))
    assert choice.chosen(Store(), preferences, database, None).id == "c-text.gguf"


def test_complaint_13_what_models_fail_with_has_three_remedies() -> None:
    for code in ("out_of_memory", "invalid_model", "model_crashed", "model_crashing", "context_length_exceeded"):
        assert len(REMEDIES[code]) == 3


def test_complaint_09_stop_stops(app: App, slow_store: Path) -> None:
    """Decoding halts within 300 ms: the worker's processor time stands still."""
    assert in_one_of_three(lambda: stops(app))


def stops(app: App) -> bool:
    chat = app.chat(model=SMOLLM2, settings=LONG)
    sent = app.send(chat, STORY)
    for event in app.events(sent["job"]):
        if event["type"] == "text":
            break
    begun = time.monotonic()
    app.ask("POST", f"/jobs/{sent['job']}/stop", status=204)
    answered = time.monotonic() - begun
    time.sleep(max(0.0, 0.3 - answered))
    before = processor_seconds(app)
    time.sleep(1)
    message = app.ask("GET", f"/chats/{chat}")["messages"][1]
    assert (message["state"], message["stop_reason"]) == ("stopped", "stopped")
    assert message["content"]
    return answered < 0.3 and processor_seconds(app) - before < 0.2


def processor_seconds(app: App) -> float:
    """Of all processes with models."""
    fields = [
        Path(f"/proc/{child}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for child in app.models()
    ]
    return sum((int(each[11]) + int(each[12])) / 100 for each in fields)


def test_reasoning_is_apart_and_timed(app: App) -> None:
    chat = app.chat(model=THINKING, settings={"sampling": {"max_tokens": 24, "temperature": 0}, "reasoning": True})
    sent = app.send(chat, "Think")
    events = list(app.events(sent["job"]))
    message = events[-1]["message"]
    pieces = "".join(event["text"] for event in events if event["type"] == "reasoning")
    assert message["reasoning"] == pieces != ""
    assert message["reasoning_seconds"] >= 0


def test_deletion_can_be_undone(app: App) -> None:
    chat = app.chat(title="To be deleted", settings=SHORT)
    app.reply(chat, "kept")
    app.ask("DELETE", f"/chats/{chat}", status=204)
    assert "To be deleted" not in titles(app)
    app.ask("GET", f"/chats/{chat}", status=404)
    app.ask("POST", f"/chats/{chat}/messages", {"content": "x"}, status=404)
    assert app.ask("GET", "/search?q=deleted") == []
    assert app.ask("GET", "/deleted-chats")[0]["id"] == chat
    assert app.ask("POST", f"/chats/{chat}/restore")["title"] == "To be deleted"
    assert app.ask("GET", f"/chats/{chat}")["messages"][0]["content"] == "kept"
    assert chat not in [each["id"] for each in app.ask("GET", "/deleted-chats")]
    app.ask("POST", "/chats/none/restore", status=404)


def test_deleting_a_chat_ends_its_answer(app: App, slow_store: Path) -> None:
    chat = app.chat(model=SMOLLM2, settings=LONG)
    sent = app.send(chat, STORY)
    app.ask("DELETE", f"/chats/{chat}", status=204)
    assert list(app.events(sent["job"]))[-1]["message"]["state"] == "stopped"


def test_folders_and_pins(app: App) -> None:
    folder = app.ask("POST", "/chat-folders", {"name": "work"}, status=201)["id"]
    chat = app.chat(folder_id=folder)
    app.ask("PATCH", f"/chats/{chat}", {"pinned": True})
    known = app.ask("GET", f"/chats/{chat}")
    assert (known["folder_id"], known["pinned"]) == (folder, True)
    app.ask("PATCH", f"/chat-folders/{folder}", {"name": "play"})
    assert {"id": folder, "name": "play", "chats": 0} in app.ask("GET", "/chat-folders")
    app.ask("PATCH", f"/chats/{chat}", {"pinned": False})
    assert {"id": folder, "name": "play", "chats": 1} in app.ask("GET", "/chat-folders")
    app.ask("DELETE", f"/chat-folders/{folder}", status=204)
    assert app.ask("GET", f"/chats/{chat}")["folder_id"] is None
    app.ask("PATCH", f"/chats/{chat}", {"folder_id": "none"}, status=404)
    app.ask("POST", "/chats", {"folder_id": "none"}, status=404)


def test_the_deletion_of_a_folder_can_be_undone(app: App) -> None:
    folder = app.ask("POST", "/chat-folders", {"name": "work"}, status=201)["id"]
    stays, moved = app.chat(folder_id=folder), app.chat(folder_id=folder)
    app.ask("DELETE", f"/chat-folders/{folder}", status=204)
    assert folder not in [each["id"] for each in app.ask("GET", "/chat-folders")]
    assert app.ask("GET", f"/chats?place=folder:{folder}") == []
    assert {stays, moved} <= {each["id"] for each in app.ask("GET", "/chats?place=loose")}
    app.ask("PATCH", f"/chat-folders/{folder}", {"name": "x"}, status=404)
    app.ask("PATCH", f"/chats/{stays}", {"folder_id": folder}, status=404)
    app.ask("PATCH", f"/chats/{moved}", {"folder_id": None})
    assert app.ask("POST", f"/chat-folders/{folder}/restore") == {"id": folder, "name": "work", "chats": 1}
    assert [each["id"] for each in app.ask("GET", f"/chats?place=folder:{folder}")] == [stays]
    assert app.ask("GET", f"/chats/{moved}")["folder_id"] is None
    app.ask("POST", "/chat-folders/none/restore", status=404)


def test_the_list_comes_in_pages(app: App) -> None:
    folder = app.ask("POST", "/chat-folders", {"name": "many"}, status=201)["id"]
    made = [app.chat(folder_id=folder) for _ in range(5)]
    seen, after = list[str](), ""
    while page := app.ask("GET", f"/chats?place=folder:{folder}&limit=2{after}"):
        assert len(page) <= 2
        seen += [each["id"] for each in page]
        after = f"&before={page[-1]['updated']}&before_id={page[-1]['id']}"
    assert seen == made[::-1]
    app.ask("PATCH", f"/chats/{made[0]}", {"pinned": True})
    assert made[0] in [each["id"] for each in app.ask("GET", "/chats?place=pinned")]
    assert made[0] not in [each["id"] for each in app.ask("GET", f"/chats?place=folder:{folder}")]
    assert app.ask("GET", f"/chats/{made[0]}/summary")["pinned"] is True
    for wrong in ("place=elsewhere", "place=folder:", "limit=0", "limit=501", "before=x", "before=nan"):
        app.ask("GET", f"/chats?{wrong}", status=400)


def test_what_is_wrong_is_told(app: App) -> None:
    chat, other = app.chat(settings=SHORT), app.chat(settings=SHORT)
    message = app.reply(other, "elsewhere")
    wrong: list[tuple[str, str, Any, int]] = [
        ("POST", f"/chats/{chat}/messages", {"content": "  "}, 400),
        ("POST", f"/chats/{chat}/messages", {"content": "x", "parent": message["id"]}, 404),
        ("POST", f"/chats/{chat}/messages", {"content": "x", "parent": "none"}, 404),
        ("POST", f"/chats/{chat}/messages", {"content": "x", "attachments": ["none"]}, 404),
        ("PATCH", f"/chats/{chat}", {"leaf": message["id"]}, 404),
        ("PATCH", f"/chats/{chat}", {"settings": {"sampling": {"top_p": 2}}}, 400),
        ("GET", f"/chats/{chat}/context?leaf={message['id']}", None, 404),
        ("POST", "/messages/none/regenerate", None, 404),
        ("GET", "/jobs/none/events", None, 404),
        ("POST", "/jobs/none.1/stop", None, 404),
        ("GET", "/chats/..%2f..%2fetc", None, 404),
    ]
    for method, path, body, status in wrong:
        assert app.ask(method, path, body, status=status)["error"]["message"], path
    assert app.ask("GET", f"/chats/{chat}")["messages"] == []


def test_an_unknown_model_is_named_before_anything_is_kept(app: App) -> None:
    chat = app.chat(model="none-such")
    error = app.ask("POST", f"/chats/{chat}/messages", {"content": "x"}, status=404)["error"]
    assert error["code"] == "model_not_found"
    assert error["remedies"]
    assert app.ask("GET", f"/chats/{chat}")["messages"] == []


def test_a_failure_is_kept_with_its_remedies(app: App) -> None:
    chat = app.chat(model="tiny-bert.gguf")
    sent = app.send(chat, "x")
    events = list(app.events(sent["job"]))
    assert [event["type"] for event in events[-2:]] == ["error", "done"]
    message = events[-1]["message"]
    assert message["state"] == "failed"
    assert "tiny-bert.gguf makes vectors" in message["error"]["message"]
    again = app.ask("PATCH", f"/chats/{chat}", {"model": TEXT, "settings": SHORT})
    assert again["model"] == TEXT
    retried = app.ask("POST", f"/messages/{message['id']}/regenerate")
    assert app.wait(retried["job"])["state"] == "done"


def test_structured_answers(app: App) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"enum": ["x", "y"]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    chat = app.chat(settings={"schema": schema, "sampling": {"max_tokens": 50, "temperature": 0}})
    assert json.loads(app.reply(chat, "Give me an object.")["content"])["a"] in ("x", "y")


def test_windows_stay_in_step(app: App) -> None:
    seen: list[Any] = []
    opened, found = threading.Event(), threading.Event()

    def listen() -> None:
        with app.http.get(f"{app.address}/app/v1/events", stream=True, timeout=60) as answer:
            for line in answer.iter_lines(chunk_size=1):
                opened.set()
                if line.startswith(b"data: "):
                    seen.append(json.loads(line[6:]))
                    if len(seen) == 2:
                        found.set()
                        return

    thread = threading.Thread(target=listen)
    thread.start()
    assert opened.wait(30)
    chat = app.chat()
    app.ask("PATCH", "/settings", {"theme": "light"})
    assert found.wait(30), seen
    thread.join(30)
    assert seen == [{"type": "chats", "id": chat}, {"type": "settings", "id": None}]


def test_it_ends_at_once_with_pages_open(start: Start, slow_store: Path) -> None:
    """Pages that follow events do not keep it from ending, and an answer that is being written is kept."""
    with start() as app:
        chat = app.chat(model=SMOLLM2, settings=LONG)
        sent = app.send(chat, STORY)
        threading.Thread(target=lambda: app.http.get(f"{app.address}/app/v1/events", timeout=60), daemon=True).start()
        for event in app.events(sent["job"]):
            if event["type"] == "text":
                break
        begun = time.monotonic()
        app.process.terminate()
        app.process.wait(30)
        assert time.monotonic() - begun < 20  # uvicorn would wait for pages as long as it is let
    with start() as app:
        message = app.ask("GET", f"/chats/{chat}")["messages"][1]
        assert (message["state"], message["stop_reason"]) == ("interrupted", "interrupted")
        assert message["content"]


def test_a_model_that_crashes_leaves_what_it_wrote(app: App, slow_store: Path) -> None:
    chat = app.chat(model=SMOLLM2, settings=LONG)
    sent = app.send(chat, STORY)
    seen = ""
    for event in app.events(sent["job"]):
        if event["type"] == "text":
            seen += event["text"]
            if len(seen) > 40:
                break
    for child in app.models():
        os.kill(child, signal.SIGKILL)
    *_, last = app.events(sent["job"])
    message = last["message"]
    assert message["state"] == "failed"
    assert message["error"]["code"] == "model_crashed"
    assert len(message["error"]["remedies"]) == 3
    assert message["content"].startswith(seen)
    app.ask("PATCH", f"/chats/{chat}", {"settings": SHORT})
    again = app.ask("POST", f"/messages/{message['id']}/regenerate")
    assert app.wait(again["job"])["state"] == "done"
