"""Requests that schemathesis makes of the description of the page's API: each answer is as described, and none tells of
a failure of the server.

GPT4ALL_SCHEMATHESIS_CASES asks for so many of each operation, instead of a few.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODELS
from gpt4all._app import openapi
from openapi_modes import with_modes

from .conftest import TEXT, VECTORS
from .running import App, running
from .test_documents_api import idle, until

schemathesis = pytest.importorskip("schemathesis", reason="`make test LANES=app` installs it")
hypothesis = pytest.importorskip("hypothesis", reason="`make test LANES=app` installs it")

CASES = int(os.environ.get("GPT4ALL_SCHEMATHESIS_CASES", "3"))
DESCRIPTION = openapi.described()
# What an answer may say of the server, and why.
ALLOWED = {("GET", "/models/hub"): 502}  # the tests have no hub
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
    schemathesis.checks.negative_data_rejection,
]


@dataclass
class Given:
    """An application that has something of everything, and what requests may name of it."""

    app: App
    store: Path
    notes: Path
    names: dict[str, list[str]] = field(default_factory=dict)

    def one_of(self, chance: random.Random, name: str) -> str | None:
        """One that there is, mostly; the rest of a request is not looked at without."""
        names = self.names.get(name)
        return chance.choice(names) if names and chance.random() < 0.8 else None

    def renew(self) -> None:
        """Makes again what requests have deleted or set."""
        ask = self.app.ask
        for name in (TEXT, VECTORS):
            if not (self.store / "models" / name).exists():
                shutil.copy(TINY_MODELS / name, self.store / "models")
        for key in ask("GET", "/settings")["values"]:
            ask("DELETE", f"/settings/{key}")
        ask("PATCH", "/settings", {"default_model": TEXT, "max_tokens": 4})
        folder = ask("POST", "/chat-folders", {"name": "Work"})["id"]
        chat = self.app.chat(title="Rent", folder_id=folder)
        sent = self.app.send(chat, "When is the rent due?")
        self.app.wait(sent["job"])
        ask("PUT", "/documents/model", {"model": VECTORS, "confirmed": True})
        ask("POST", "/collections", {"name": "notes", "folder": str(self.notes)})
        until(lambda: idle(self.app, "notes"))
        files = ask("GET", "/collections/notes/files")["files"]
        self.names = {
            "/chat-folders": [folder],
            "/chats": [chat],
            "/messages": [sent["user"]["id"], sent["reply"]["id"]],
            "/jobs": [sent["job"]],
            "/collections": ["notes"],
            "/documents/files": [file["id"] for file in files],
            "/models": [TEXT, VECTORS],
            "/presets": [ask("POST", "/presets", {"name": "brief"})["id"]],
            "/server/keys": [ask("POST", "/server/keys", {"name": "one"})["id"]],
            "/settings": ["theme", "folders"],
            "model": [TEXT, VECTORS],
            "default_model": [TEXT],
            "folder": ["~/notes"],
            "path": ["~/notes/house.md"],
            "folder_id": [folder],
        }


@pytest.fixture(scope="module")
def given(library: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    folder = tmp_path_factory.mktemp("schemathesis")
    (folder / "store" / "models").mkdir(parents=True)
    notes, programs = folder / "home" / "notes", folder / "bin"
    notes.mkdir(parents=True)
    (notes / "house.md").write_text("# House\n\nThe rent is due on the fifth of each month.\n")
    programs.mkdir()
    (programs / "xdg-open").symlink_to("/bin/true")  # no file manager shall be opened
    path = f"{programs}:{os.environ['PATH']}"
    with running(folder / "store", folder / "data", HOME=str(folder / "home"), PATH=path) as app:
        one = Given(app, folder / "store", notes)
        one.renew()
        yield one


def operations() -> list[tuple[str, str]]:
    """Those that take away come last."""
    found = [(method.upper(), path) for path, methods in DESCRIPTION["paths"].items() for method in methods]
    return sorted(found, key=lambda each: (each[0] == "DELETE", each[1] == "/data", each))


bounded: Any = hypothesis.settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
described: Any = schemathesis.openapi.from_dict(DESCRIPTION)


@pytest.mark.parametrize(("mode", "method", "path"), with_modes(DESCRIPTION["paths"], operations()))
def test_every_answer_is_as_described(given: Given, mode: str, method: str, path: str) -> None:
    """Requests as they are described, and others, most of them about something that there is."""
    operation, chance = described[path][method], random.Random(f"{method} {path}")

    def ask(case: Any) -> None:
        if mode == "POSITIVE" and isinstance(case.body, dict):
            case.body = {name: given.one_of(chance, name) or value for name, value in case.body.items()}
        for name, value in (case.path_parameters or {}).items():
            case.path_parameters[name] = given.one_of(chance, path.partition("/{")[0]) or value
        options = case.as_transport_kwargs(base_url=f"{given.app.address}/app/v1")
        # Some answers never end: what they begin with has to do.
        endless = path.endswith("/events")
        with given.app.http.request(**options, timeout=60, stream=endless) as answer:
            told = (answer.status_code, answer.text[:1000] if not endless else "", case.as_curl_command())
            if answer.status_code == ALLOWED.get((method, path)):
                return
            assert answer.status_code < 500, told
            if not endless:
                case.validate_response(answer, checks=CHECKS)

    made = operation.as_strategy(generation_mode=schemathesis.GenerationMode[mode])
    try:
        bounded(hypothesis.given(case=made)(ask))()
    except hypothesis.errors.Unsatisfiable:
        assert mode == "NEGATIVE"
        assert not list(operation.body)
    finally:
        if method in ("DELETE", "PATCH", "PUT"):
            given.renew()
