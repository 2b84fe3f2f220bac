"""Settings, presets and settings of models."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gpt4all._app.database import Database
from gpt4all._app.preferences import GROUPS, Preferences
from gpt4all._app.schemas.settings import AppValues, ChatSettings, Sampling

from .conftest import TEXT, Start
from .running import START_SECONDS, App


@pytest.fixture
def preferences(tmp_path: Path) -> Preferences:
    return Preferences(Database(tmp_path))


def test_each_setting_says_what_it_is(app: App) -> None:
    settings = app.ask("GET", "/settings")
    described = settings["schema"]["properties"]
    assert set(described) == set(settings["values"]) == set(settings["defaults"]) == set(AppValues.model_fields)
    for name, schema in described.items():
        assert schema["title"], name
        assert schema["description"], name
        assert schema["group"] in GROUPS
        assert isinstance(schema["advanced"], bool)


def test_settings_stay(start: Start) -> None:
    with start() as app:
        app.ask("PATCH", "/settings", {"theme": "dark", "context_tokens": 512})
    with start() as app:
        values = app.ask("GET", "/settings")["values"]
        assert (values["theme"], values["context_tokens"]) == ("dark", 512)
        assert app.ask("DELETE", "/settings/theme")["values"]["theme"] == "system"


@pytest.mark.parametrize(
    "values",
    [{"theme": "pink"}, {"none": 1}, {"text_size": 10_000}, {"temperature": -1}, {"theme": "dark", "threads": "many"}],
)
def test_wrong_settings_change_nothing(app: App, values: dict[str, Any]) -> None:
    before = app.ask("GET", "/settings")["values"]
    error = app.ask("PATCH", "/settings", values, status=400)["error"]
    assert error["param"] in values
    assert app.ask("GET", "/settings")["values"] == before
    app.ask("DELETE", "/settings/none", status=404)


def test_values_of_another_release_are_left_alone(preferences: Preferences, tmp_path: Path) -> None:
    """One that is not valid any more is as if it was not set, and nothing else suffers."""
    with sqlite3.connect(tmp_path / "chat.db") as connection:
        connection.executemany(
            "INSERT INTO settings VALUES (?, ?)", [("theme", '"pink"'), ("gone", "1"), ("text_size", "150")]
        )
    values = preferences.values()
    assert (values.theme, values.text_size) == ("system", 150)


def test_a_chat_comes_before_the_model_and_the_application(preferences: Preferences) -> None:
    preferences.change(AppValues(system="app", temperature=0.1, max_tokens=10, documents_only=True))
    model = ChatSettings(system="model", sampling=Sampling(temperature=0.2, top_k=5))
    preferences.set_of_model("m.gguf", model)
    chat = ChatSettings(sampling=Sampling(top_k=6), documents_only=False)
    resolved = preferences.resolved(chat, "m.gguf")
    assert resolved.system == "model"
    assert resolved.documents_only is False
    assert resolved.sampling == Sampling(temperature=0.2, top_k=6, max_tokens=10)
    other = preferences.resolved(ChatSettings.model_validate({}), "other.gguf")
    assert (other.system, other.sampling.temperature, other.documents_only) == ("app", 0.1, True)


def test_presets(app: App) -> None:
    settings = {"system": "Be brief.", "schema": {"type": "object"}, "sampling": {"temperature": 0.5}}
    made = app.ask("POST", "/presets", {"name": "brief", "settings": settings}, status=201)
    assert made["settings"]["schema"] == {"type": "object"}
    app.ask("PATCH", f"/presets/{made['id']}", {"name": "short"})
    listed = app.ask("GET", "/presets")
    assert [(each["name"], each["settings"]["system"]) for each in listed] == [("short", "Be brief.")]
    app.ask("DELETE", f"/presets/{made['id']}", status=204)
    app.ask("DELETE", f"/presets/{made['id']}", status=404)
    app.ask("PATCH", f"/presets/{made['id']}", {"name": "x"}, status=404)


def test_settings_of_a_model(app: App) -> None:
    app.ask("PUT", f"/models/{TEXT}/settings", {"sampling": {"top_k": 3}})
    assert app.ask("GET", f"/models/{TEXT}/settings")["sampling"]["top_k"] == 3
    app.ask("PUT", f"/models/{TEXT}/settings", {})
    app.ask("GET", "/models/none/settings", status=404)


def test_diagnostics_tell_nothing_private(app: App) -> None:
    secret = "Xyzzyplugh"
    app.ask("PATCH", "/settings", {"system": f"{secret} system", "folders": [f"/{secret}"]})
    chat = app.chat(title=f"{secret} title")
    app.ask("POST", "/chat-folders", {"name": f"{secret} folder"})
    app.ask("POST", "/presets", {"name": f"{secret} preset"})
    app.reply(chat, f"{secret} question")
    text = app.ask("GET", "/diagnostics")["text"]
    assert secret.lower() not in text.lower()
    for told in ("gpt4all", "llama.cpp", "cores", TEXT, "- chats: ", "setting system: set"):
        assert told in text
    for name in ("system", "folders"):
        app.ask("DELETE", f"/settings/{name}")


def test_everything_can_be_forgotten(app: App) -> None:
    """On the disk too: no file of the folder has a word of it."""
    app.ask("PATCH", "/settings", {"default_model": TEXT, "system": "Xyzzyplugh one"})
    chat = app.chat(title="Xyzzyplugh two", settings={"sampling": {"max_tokens": 4}})
    app.reply(chat, "Xyzzyplugh three")
    key = app.ask("POST", "/server/keys", {"name": "Xyzzyplugh four"})
    (app.data / "chat.db.schema-0.backup").write_text("Xyzzyplugh five")
    data = base64.b64encode(b"Xyzzyplugh six").decode()
    app.ask("POST", "/import/pieces", {"name": "x.zip", "size": 100, "offset": 0, "data": data})
    assert list(app.data.glob("import-*"))
    for body in ({}, {"confirm": False}):
        app.ask("DELETE", "/data", body, status=400)
    assert app.ask("GET", f"/chats/{chat}")["title"] == "Xyzzyplugh two"
    app.ask("DELETE", "/data", {"confirm": True}, status=204)
    assert app.ask("GET", "/chats") == []
    assert not list(app.data.glob("import-*"))
    assert app.ask("GET", "/settings")["values"]["system"] is None
    assert app.ask("GET", "/search?q=xyzzyplugh") == []
    answer = app.ask("GET", "/server", headers={"Authorization": f"Bearer {key['key']}"})
    assert answer["keys"] == []
    app.process.terminate()  # it writes nothing of it when it ends; no test of this file comes after this one
    app.process.wait(START_SECONDS)
    files = [path for path in app.data.rglob("*") if path.is_file()]
    assert {"chat.db", "secret"} <= {path.name for path in files}
    assert [path.name for path in files if b"xyzzyplugh" in path.read_bytes().lower()] == []
