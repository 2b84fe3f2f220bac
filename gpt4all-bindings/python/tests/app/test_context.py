"""Complaint 10: chats that are longer than their model's context."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import SMOLLM2
from .running import App, running

# SmolLM2 reads a context of tokens several times here, which takes its time where much else runs.
pytestmark = pytest.mark.timeout(400)
CONTEXT = 1024  # a model reads what fits into it within a second
SETTINGS = {"sampling": {"max_tokens": 24, "temperature": 0}}
# About a token for each word.
WORDS = ("the", "river", "runs", "past", "the", "old", "mill", "and", "under", "the", "stone", "bridge")


@pytest.fixture(scope="module")
def app(slow_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(slow_store, tmp_path_factory.mktemp("context") / "data") as one:
        one.ask("PATCH", "/settings", {"default_model": SMOLLM2, "context_tokens": CONTEXT})
        yield one


def prose(words: int) -> str:
    return " ".join(WORDS[place % len(WORDS)] for place in range(words))


def long_chat(app: App, turns: int, words: int) -> tuple[str, list[str]]:
    """A chat that exists already, with so many questions and answers of so many words; and its messages' ids."""
    messages: list[dict[str, Any]] = []
    for number in range(2 * turns):
        role = "user" if number % 2 == 0 else "assistant"
        messages.append({
            "id": f"m{number}", "chat_id": "c", "parent": f"m{number - 1}" if number else None, "role": role,
            "content": f"{number}: {prose(words)}", "reasoning": None, "reasoning_seconds": None, "created": number,
            "model": None, "state": "done", "error": None, "attachments": [], "evidence": [], "searched": None,
            "tool_calls": [], "stats": None, "dropped": [], "stop_reason": None,
        })  # fmt: skip
    chat = {
        "id": "c", "title": "long", "pinned": False, "created": 0, "updated": 0, "model": SMOLLM2, "settings": SETTINGS,
        "leaf": messages[-1]["id"], "messages": messages,
    }  # fmt: skip
    file = json.dumps({"format": "gpt4all-chats", "version": 1, "chats": [chat]}).encode()
    made = app.ask("POST", "/import", {"name": "x.json", "data": base64.b64encode(file).decode()})
    assert made["skipped"] == []
    id: str = made["chats"][0]
    return id, [message["id"] for message in app.ask("GET", f"/chats/{id}")["messages"]]


def test_the_meter_opens_no_model(app: App) -> None:
    """What it shows of a chat whose model is closed is an estimate. This test is the first to need a model."""
    chat, _ = long_chat(app, 1, 200)
    begun = time.monotonic()
    context = app.ask("GET", f"/chats/{chat}/context")
    assert time.monotonic() - begun < 20
    assert app.models() == []
    assert (context["limit"], context["reserved"], context["dropped"]) == (CONTEXT, 24, [])
    assert 300 < context["used"] < 1000
    app.ask("GET", f"/chats/{app.chat(model='tiny-bert.gguf')}/context", status=400)


def test_complaint_10_what_has_no_room_is_named(app: App) -> None:
    """5,000 tokens into 1,024: the oldest messages are left out, a notice says so, and there is an answer."""
    chat, ids = long_chat(app, 20, 125)
    events = list(app.events(app.send(chat, "What runs past the old mill?")["job"]))
    message = events[-1]["message"]
    [context] = [event["context"] for event in events if event["type"] == "context"]
    [notice] = [event for event in events if event["type"] == "notice"]
    assert message["content"].strip()
    assert message["dropped"] == context["dropped"] == ids[: len(message["dropped"])]
    assert len(message["dropped"]) >= 30
    assert notice["code"] == "messages_dropped"
    assert notice["total"] == len(message["dropped"])
    assert f"the oldest {notice['total']} of 41 messages" in notice["message"]
    assert context["limit"] == CONTEXT
    assert context["used"] + context["reserved"] <= CONTEXT
    assert message["stats"]["prompt_tokens"] <= CONTEXT
    shown = app.ask("GET", f"/chats/{chat}/context")
    assert shown["dropped"] == message["dropped"]
    assert context["used"] < shown["used"] < CONTEXT
    # The next turn goes on with the same messages, so that only what is new is computed.
    following = app.reply(chat, "And where does it run to?")
    assert following["dropped"] == message["dropped"]
    assert following["stats"]["cached_tokens"] >= message["stats"]["prompt_tokens"]


def test_complaint_10_a_message_that_is_too_long_is_answered(app: App) -> None:
    chat = app.chat(settings=SETTINGS)
    events = list(app.events(app.send(chat, f"First: {prose(5_000)}. What runs past the old mill?")["job"]))
    message = events[-1]["message"]
    assert (message["state"], message["dropped"]) == ("done", [])
    assert message["content"].strip()
    [notice] = [event for event in events if event["type"] == "notice"]
    assert notice["code"] == "message_shortened"
    assert message["shortened"] == notice["total"] > 15_000
    assert f"{notice['total']} characters" in notice["message"]
    assert message["stats"]["prompt_tokens"] <= CONTEXT


def test_the_meter_of_an_empty_chat(app: App) -> None:
    context = app.ask("GET", f"/chats/{app.chat(settings=SETTINGS)}/context")
    assert context == {"used": 0, "limit": CONTEXT, "reserved": 24, "evidence": 0, "dropped": []}


def test_a_template_of_a_chats_own(app: App) -> None:
    """The model is opened anew with it, and again with its own for other chats."""
    own = app.reply(app.chat(settings=SETTINGS), "Hello there")
    template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    chat = app.chat(settings={**SETTINGS, "template": template})
    bare = app.reply(chat, "Hello there")
    assert bare["stats"]["prompt_tokens"] < own["stats"]["prompt_tokens"]
    broken = app.chat(settings={**SETTINGS, "template": "{% if %}"})
    job = app.send(broken, "Hello there")["job"]
    *_, last = app.events(job)
    assert last["message"]["state"] == "failed"
    assert last["message"]["error"]["code"] == "invalid_template"
    again = app.reply(app.chat(settings=SETTINGS), "Hello there")
    assert again["stats"]["prompt_tokens"] == own["stats"]["prompt_tokens"]


def test_templates_are_not_mixed_up(app: App) -> None:
    """Answers that are asked for at the same time each have their own."""
    template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    kinds: list[dict[str, Any]] = [SETTINGS, {**SETTINGS, "template": template}]
    alone = [app.reply(app.chat(settings=kind), "Hello there")["stats"]["prompt_tokens"] for kind in kinds]
    assert alone[0] != alone[1]
    jobs = [app.send(app.chat(settings=kinds[i % 2]), "Hello there")["job"] for i in range(6)]
    together = [app.wait(job)["stats"]["prompt_tokens"] for job in jobs]
    assert together == alone * 3


def test_programs_do_not_get_a_chats_template(app: App) -> None:
    """They wait for an answer with one, and have the model with its own."""
    body = {"model": SMOLLM2, "messages": [{"role": "user", "content": "Hello there"}], "max_tokens": 2}

    def prompt_tokens() -> int:
        answer = app.http.post(f"{app.address}/v1/chat/completions", json=body, timeout=300)
        assert answer.ok, answer.text
        tokens: int = answer.json()["usage"]["prompt_tokens"]
        return tokens

    alone = prompt_tokens()
    template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    long = {"sampling": {"max_tokens": 200, "temperature": 0}, "template": template}
    events = app.events(app.send(app.chat(settings=long), "Hello there")["job"])
    assert any(event["type"] == "text" for event in events)  # and leaves the rest
    assert prompt_tokens() == alone
    *_, last = events
    assert last["message"]["stats"]["prompt_tokens"] < alone
