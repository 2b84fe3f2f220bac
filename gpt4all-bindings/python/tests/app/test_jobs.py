"""Answers belong to the server: pages come and go, and a crash costs a second at most."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from .conftest import SMOLLM2, Start
from .running import App
from .timing import in_one_of_three

# SmolLM2 reads thousands of tokens here, which takes its time where much else runs.
pytestmark = pytest.mark.timeout(400)
STORY = "Tell me a very long story about a castle."
LONG = {"sampling": {"max_tokens": 100_000, "temperature": 0}}
SHORT = {"sampling": {"max_tokens": 40, "temperature": 0}}


def test_events_are_replayed_from_any_of_them(any_app: App, slow_store: Path) -> None:
    chat = any_app.chat(model=SMOLLM2, settings=LONG)
    job = any_app.send(chat, STORY)["job"]
    first = []
    for event in any_app.events(job):
        first.append(event)
        if len(first) == 10:
            break  # the page goes away
    again = any_app.events(job, first=4)
    assert [next(again) for _ in range(6)] == first[4:]
    reconnected = any_app.events(job, headers={"Last-Event-ID": "7"})
    assert [next(reconnected) for _ in range(2)] == first[8:10]
    any_app.ask("POST", f"/jobs/{job}/stop", status=204)


def test_two_pages_see_the_same(any_app: App) -> None:
    chat = any_app.chat(settings=SHORT)
    job = any_app.send(chat, "Once upon a time")["job"]
    seen: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda: seen.append([event["seq"] for event in any_app.events(job)])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == 3


def test_a_job_that_is_over_tells_its_message(any_app: App) -> None:
    chat = any_app.chat(settings=SHORT)
    sent = any_app.send(chat, "Once upon a time")
    message = any_app.wait(sent["job"])
    replayed = list(any_app.events(sent["job"], first=17))
    assert replayed == [{"seq": 17, "type": "done", "message": message}]


def test_an_answer_goes_on_when_the_page_goes_away(any_app: App) -> None:
    chat = any_app.chat(settings=SHORT)
    sent = any_app.send(chat, "Once upon a time")
    until = time.monotonic() + 60
    while any_app.ask("GET", f"/chats/{chat}")["job"] is not None:
        assert time.monotonic() < until
        time.sleep(0.05)
    message = any_app.ask("GET", f"/chats/{chat}")["messages"][1]
    assert (message["id"], message["state"], message["stats"]["tokens"]) == (sent["reply"]["id"], "done", 40)


def test_complaint_02_chats_survive_a_kill(start: Start, slow_store: Path) -> None:
    """kill -9 while an answer is being written loses at most the text of one second."""
    assert in_one_of_three(lambda: survives(start, 2.2))


def survives(start: Start, seconds: float) -> bool:
    with start() as app:
        chat = app.chat(model=SMOLLM2, settings=LONG)
        sent = app.send(chat, STORY)
        pieces: list[tuple[float, str]] = []
        for event in app.events(sent["job"]):
            if event["type"] == "text":
                pieces.append((time.monotonic(), event["text"]))
                if pieces[-1][0] - pieces[0][0] > seconds:
                    break
        killed = time.monotonic()
        app.kill()
    seen = "".join(text for _, text in pieces)
    certain = "".join(text for moment, text in pieces if killed - moment > 1)
    assert certain
    with start() as app:
        known = app.ask("GET", f"/chats/{chat}")
        user, reply = known["messages"]
        assert user["content"] == STORY
        assert reply["state"] == "interrupted"
        assert seen.startswith(reply["content"][: len(seen)])
        assert known["job"] is None
        assert list(app.events(sent["job"]))[-1]["message"]["state"] == "interrupted"
        app.ask("PATCH", f"/chats/{chat}", {"settings": SHORT})
        more = app.ask("POST", f"/messages/{reply['id']}/continue")
        assert app.wait(more["job"])["content"].startswith(reply["content"])
    kept: str = reply["content"]
    return kept.startswith(certain)


def test_the_database_is_whole_after_a_kill(start: Start, slow_store: Path, tmp_path: Path) -> None:
    with start() as app:
        chat = app.chat(model=SMOLLM2, settings=LONG)
        app.send(chat, STORY)
        time.sleep(1)
        app.kill()
    with sqlite3.connect(tmp_path / "data" / "chat.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('integrity-check')")
        connection.execute("INSERT INTO chats_fts(chats_fts) VALUES ('integrity-check')")
