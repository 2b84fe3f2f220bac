"""Documents over the application's API: collections, their files, the inspector, and what is shown of a file."""

from __future__ import annotations

import base64
import io
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from conftest import TINY_MODELS
from documents import making
from documents.faking import FakeEmbedder
from documents.making import TEXT
from gpt4all.documents import Documents, ModelEmbedder
from gpt4all.documents._index import BATCH

from .conftest import SMOLLM2, VECTORS
from .running import App, running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("home")
    notes = path / "notes"
    (notes / "sub").mkdir(parents=True)
    (notes / "house.md").write_text(f"# House\n\n## Money\n\n{TEXT}\n\n{'Plain words stand here. ' * 200}\n")
    (notes / "broken.pdf").write_bytes(b"%PDF-1.4\n")
    making.pdf(notes / "sub" / "report.pdf", [["Nothing here."], ["The cistern holds forty litres."]])
    # A file manager that notes what it is to show.
    (path / "bin").mkdir()
    (path / "bin" / "xdg-open").write_text(f'#!/bin/sh\necho "$@" > {path / "noted"}\n')
    (path / "bin" / "xdg-open").chmod(0o755)
    return path


@pytest.fixture(scope="module")
def app(store: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    data = tmp_path_factory.mktemp("app") / "data"
    with running(store, data, HOME=str(home), PATH=f"{home / 'bin'}:{os.environ['PATH']}") as one:
        one.ask("PUT", "/documents/model", {"model": VECTORS})
        one.ask("POST", "/collections", {"name": "notes", "folder": str(home / "notes")})
        until(lambda: idle(one, "notes"))
        yield one


def until(condition: Callable[[], Any], seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def collection(app: App, name: str) -> Any:
    return next((each for each in app.ask("GET", "/collections") if each["name"] == name), None)


def idle(app: App, name: str) -> bool:
    """Whether all of it is read and embedded."""
    known = collection(app, name)
    ready = known["states"]["ready"] and not known["states"]["pending"]
    return bool(ready and known["indexing"]["state"] == "idle" and known["embedded"] == known["chunks"] > 0)


def test_a_collection_with_its_states(app: App, home: Path) -> None:
    known = collection(app, "notes")
    assert known["folders"] == [str(home / "notes")]
    assert known["states"] == {"ready": 2, "pending": 0, "unreadable": 1, "missing": 0}
    assert known["embed_model"] == VECTORS
    assert (known["indexing"]["done"], known["indexing"]["total"]) == (3, 3)
    assert known["indexing"]["chunks_per_second"] > 0


def test_files_by_state_with_reasons(app: App, home: Path) -> None:
    listed = app.ask("GET", "/collections/notes/files")
    assert [Path(each["path"]).name for each in listed["files"]] == ["broken.pdf", "house.md", "report.pdf"]
    bad = app.ask("GET", "/collections/notes/files?state=unreadable")
    assert bad["total"] == 1
    assert (bad["files"][0]["reason"], bool(bad["files"][0]["message"])) == ("damaged", True)
    page = app.ask("GET", "/collections/notes/files?limit=1&offset=1")
    assert (page["total"], len(page["files"]), page["files"][0]["path"]) == (3, 1, str(home / "notes" / "house.md"))
    assert app.ask("GET", "/collections/notes/files?q=REPORT")["total"] == 1
    app.ask("GET", "/collections/notes/files?limit=0", status=400)
    app.ask("GET", "/collections/none/files", status=404)


def test_a_collection_is_renamed_wherever_it_is_named(app: App, home: Path) -> None:
    app.ask("POST", "/collections", {"name": "before", "folder": str(home / "notes")})
    settings = {"collections": ["notes", "before"], "system": "before"}
    chats = [app.chat(settings=settings) for _ in range(2)]
    plain = app.chat(settings={"system": "before"})
    app.ask("DELETE", f"/chats/{chats[1]}")
    app.ask("POST", "/presets", {"name": "mine", "settings": settings})
    app.ask("PUT", f"/models/{VECTORS}/settings", {"collections": ["before"]})
    renamed = app.ask("PATCH", "/collections/before", {"name": "House & garden"})
    assert (renamed["name"], renamed["folders"]) == ("House & garden", [str(home / "notes")])
    assert [each["name"] for each in app.ask("GET", "/collections")] == ["House & garden", "notes"]
    app.ask("POST", f"/chats/{chats[1]}/restore")
    for named in (*(app.ask("GET", f"/chats/{each}") for each in chats), app.ask("GET", "/presets")[-1]):
        assert named["settings"]["collections"] == ["notes", "House & garden"]
        assert named["settings"]["system"] == "before"
    assert app.ask("GET", f"/models/{VECTORS}/settings")["collections"] == ["House & garden"]
    assert app.ask("GET", f"/chats/{plain}")["settings"]["collections"] is None
    until(lambda: idle(app, "House & garden"))
    assert search(app, "cistern", collections=["House & garden"])["passages"]

    error = app.ask("PATCH", "/collections/before", {"name": "x"}, status=404)["error"]
    assert error["code"] == "collection_not_found"
    for wrong in ("notes", "a/b", " "):
        app.ask("PATCH", "/collections/House & garden", {"name": wrong}, status=400)
    app.ask("PATCH", "/collections/House & garden", {"name": ""}, status=400)
    app.ask("DELETE", "/collections/House & garden", status=204)


def search(app: App, question: str, **members: Any) -> Any:
    return app.ask("POST", "/documents/search", {"question": question, **members})


def test_the_inspector(app: App) -> None:
    found = search(app, "When is the rent due?", collections=["notes"], limit=2)
    first = found["passages"][0]
    assert TEXT in first["text"]
    assert first["headings"] == ["House", "Money"]
    assert first["scores"]["words"] == 1
    assert found["files"] == 2
    assert (found["chunks"], 1 <= len(found["passages"]) <= 2) == (collection(app, "notes")["chunks"], True)
    error = app.ask("POST", "/documents/search", {"question": "x", "collections": ["none"]}, status=404)["error"]
    assert error["code"] == "collection_not_found"
    assert "no collection 'none'" in error["message"]
    app.ask("POST", "/documents/search", {"question": ""}, status=400)


def test_a_page_with_the_passage_marked(app: App) -> None:
    passage = search(app, "cistern", limit=1)["passages"][0]
    number = passage["pages"][1]
    shown = app.ask(
        "GET",
        f"/documents/files/{passage['file_id']}/pages/{number}?start={passage['start']}&end={passage['end']}&width=400",
    )
    head, _, data = shown["image"].partition(",")
    assert head == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (shown["width"], shown["height"])
    assert shown["width"] == 400
    assert len(shown["marks"]) == 1
    assert all(0 <= each <= 1 for each in shown["marks"][0])
    error = app.ask("GET", f"/documents/files/{passage['file_id']}/pages/99", status=409)["error"]
    assert "no page 99" in error["message"]
    app.ask("GET", f"/documents/files/{passage['file_id']}/pages/1?start=5&end=1", status=400)


def test_the_text_around_a_passage(app: App, home: Path) -> None:
    passage = search(app, "When is the rent due?", limit=1)["passages"][0]
    file = app.ask("GET", f"/documents/files/{passage['file_id']}?sha256={passage['sha256']}")
    assert (file["path"], file["title"]) == (str(home / "notes" / "house.md"), "House")
    assert (file["changed"], file["missing"], file["format"], file["pages"]) == (False, False, "markdown", None)
    start, end = passage["found"]
    shown = app.ask("GET", f"/documents/files/{passage['file_id']}/text?start={start}&end={end}&around=10")
    whole = (home / "notes" / "house.md").read_text()
    assert shown["text"] == whole[shown["start"] : shown["end"]]
    levels = [block["level"] for block in shown["blocks"] if block["kind"] == "heading"]
    assert levels == [1, 2]
    for wrong in ("999", "x", "-1", "9" * 30):
        assert app.ask("GET", f"/documents/files/{wrong}", status=404)["error"]["code"] == "file_not_found"


def test_the_folder_of_a_file_is_shown_never_the_file(app: App, home: Path) -> None:
    file = search(app, "cistern", limit=1)["passages"][0]["file_id"]
    app.ask("POST", f"/documents/files/{file}/reveal", status=204)
    until((home / "noted").exists)
    assert until((home / "noted").read_text) == f"{home / 'notes' / 'sub'}\n"


def test_of_a_file_that_is_another_by_now_nothing_wrong_is_marked(app: App) -> None:
    passage = search(app, "cistern", limit=1)["passages"][0]
    assert passage["page"] == passage["pages"][0]
    place = f"/documents/files/{passage['file_id']}"
    span = f"start={passage['start']}&end={passage['end']}&width=200"
    number = passage["pages"][1]
    assert len(app.ask("GET", f"{place}/pages/{number}?{span}&sha256={passage['sha256']}")["marks"]) == 1
    assert app.ask("GET", f"{place}/pages/{number}?{span}&sha256={'0' * 64}")["marks"] == []
    assert app.ask("GET", f"{place}/text?sha256={'0' * 64}", status=409)["error"]["code"] == "file_changed"
    assert app.ask("GET", f"{place}?sha256={'0' * 64}")["changed"]


def test_only_folders_that_may_be_looked_into(app: App, tmp_path: Path) -> None:
    for folder in ("/etc", str(tmp_path), "~/.."):
        error = app.ask("POST", "/collections", {"name": "x", "folder": folder}, status=403)["error"]
        assert error["code"] == "outside_of_roots"
    assert collection(app, "x") is None


def test_what_is_added_and_changed_is_taken_up_and_a_paused_collection_is_not(app: App, home: Path) -> None:
    folder = home / "letters"
    folder.mkdir()
    (folder / "one.txt").write_text("A walrus arrived on Tuesday.")
    app.ask("POST", "/collections", {"name": "letters", "folder": str(folder)}, status=201)
    until(lambda: idle(app, "letters"))
    (folder / "two.txt").write_text("An ibex left on Friday.")
    until(lambda: collection(app, "letters")["states"]["ready"] == 2)
    app.ask("POST", "/collections/letters/pause")
    until(lambda: collection(app, "letters")["indexing"]["state"] == "paused")
    (folder / "three.txt").write_text("An okapi stayed.")
    # What came later to a collection that is not paused tells that there was time for it.
    witness = home / "witness"
    witness.mkdir()
    (witness / "one.txt").write_text("A gnu came.")
    app.ask("POST", "/collections", {"name": "witness", "folder": str(witness)}, status=201)
    until(lambda: idle(app, "witness"))
    (witness / "two.txt").write_text("An emu went.")
    until(lambda: collection(app, "witness")["states"]["ready"] == 2 and idle(app, "witness"))
    app.ask("DELETE", "/collections/witness")
    assert collection(app, "letters")["states"]["ready"] == 2
    app.ask("POST", "/collections/letters/resume")
    until(lambda: collection(app, "letters")["states"]["ready"] == 3)
    app.ask("DELETE", "/collections/letters")
    assert collection(app, "letters") is None
    assert (folder / "one.txt").exists()
    app.ask("DELETE", "/collections/letters", status=404)


def test_complaint_3_settings_never_embed_anew_without_confirmation_and_an_estimate(app: App) -> None:
    known = app.ask("GET", "/documents/model")
    assert known["model"] == VECTORS
    assert VECTORS in known["choices"]
    assert known["estimate"]["chunks"] == sum(each["chunks"] for each in app.ask("GET", "/collections"))
    assert known["estimate"]["seconds"] > 0
    error = app.ask("PUT", "/documents/model", {"model": "all-MiniLM-L6-v2.gguf2.f16.gguf"}, status=409)["error"]
    assert error["code"] == "confirmation_needed"
    assert f"{known['estimate']['chunks']:,} chunks" in error["message"]
    confirmed = {"model": "all-MiniLM-L6-v2.gguf2.f16.gguf", "confirmed": True}
    error = app.ask("PUT", "/documents/model", confirmed, status=409)["error"]
    assert error["code"] == "embedding_model_missing"
    assert "download all-MiniLM-L6-v2" in error["message"]
    assert app.ask("GET", "/documents/model")["model"] == VECTORS
    assert idle(app, "notes")


@pytest.fixture(scope="module")
def fresh(store: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An application that has no documents yet, nor a model for them; those of a test are forgotten in the end."""
    with running(store, tmp_path_factory.mktemp("fresh") / "data", HOME=str(home)) as one:
        yield one


def test_nothing_is_embedded_without_a_model_and_it_is_said(fresh: App, home: Path) -> None:
    body = {"name": "notes", "folder": str(home / "notes")}
    error = fresh.ask("POST", "/collections", body, status=409)["error"]
    assert error["code"] == "embedding_model_missing"
    assert error["remedies"] == ["Download the embedding model, under Models."]


def test_what_is_forgotten_leaves_no_trace(fresh: App, home: Path) -> None:
    for _ in range(2):  # what was forgotten can come back
        fresh.ask("PUT", "/documents/model", {"model": VECTORS})
        fresh.ask("POST", "/collections", {"name": "notes", "folder": str(home / "notes")})
        until(lambda: idle(fresh, "notes"))
        assert b"The rent is due" in everything(fresh.data)
        fresh.ask("DELETE", "/data", {"confirm": True})
        assert fresh.ask("GET", "/collections") == []
        assert b"The rent is due" not in everything(fresh.data)
        assert (home / "notes" / "house.md").exists()


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_documents_that_another_program_changes(store: Path, home: Path, tmp_path: Path) -> None:
    """Said with what to do; and once it has ended, they are there."""
    documents = Documents(tmp_path / "data" / "documents", embedder=FakeEmbedder())
    with closing(documents), running(store, tmp_path / "data", HOME=str(home)) as one:
        error = one.ask("GET", "/collections", status=503)["error"]
        assert error["code"] == "documents_busy"
        assert "another process has the documents" in error["message"]
        assert error["remedies"] == ["End `gpt4all docs` in the other window, and try again."]
        documents.close()
        assert one.ask("GET", "/collections") == []


def test_why_nothing_is_indexed_is_told_and_it_goes_on_once_it_can(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "store" / "models"
    own.mkdir(parents=True)
    shutil.copy(TINY_MODELS / VECTORS, own)
    embedder = ModelEmbedder(own / VECTORS)
    with closing(embedder), Documents(tmp_path / "data" / "documents", embedder=embedder) as documents:
        documents.add("notes", home / "notes")
        documents.index()
    (own / VECTORS).unlink()
    with running(own.parent, tmp_path / "data", HOME=str(home)) as one:
        until(lambda: collection(one, "notes")["indexing"]["state"] == "failed")
        error = collection(one, "notes")["indexing"]["error"]
        assert f"{VECTORS}, which is not on this machine" in error["message"]
        assert error["code"] == "embedding_model_missing"
        shutil.copy(TINY_MODELS / VECTORS, own)
        one.ask("POST", "/collections/notes/index")
        until(lambda: idle(one, "notes"))
        assert collection(one, "notes")["indexing"]["error"] is None


def test_it_goes_on_after_a_restart(store: Path, home: Path, tmp_path: Path) -> None:
    many = home / "many"
    many.mkdir()
    for number in range(40):
        (many / f"{number}.txt").write_text(f"Note {number}. " + "Plain words stand here. " * 20)
    with running(store, tmp_path / "data", HOME=str(home)) as first:
        first.ask("PUT", "/documents/model", {"model": VECTORS})
        first.ask("POST", "/collections", {"name": "many", "folder": str(many)})
        until(lambda: collection(first, "many")["states"]["ready"] > 10)
        first.kill()
    with running(store, tmp_path / "data", HOME=str(home)) as second:
        before = collection(second, "many")["states"]["ready"]
        assert 10 < before <= 40
        until(lambda: idle(second, "many"))
        assert collection(second, "many")["states"]["ready"] == 40


def test_files_are_given_with_messages(app: App) -> None:
    given = {"name": "../letter.txt", "data": base64.b64encode(TEXT.encode()).decode()}
    read = app.ask("POST", "/attachments", given)
    assert (read["name"], read["kind"], read["size"], read["characters"]) == (
        "letter.txt",
        "text",
        len(TEXT),
        len(TEXT),
    )
    for name, data, code in (
        ("a.png", "aGVsbG8=", "images_unsupported"),
        ("a.txt", "####", "invalid_request"),
        ("a.exe", "aGVsbG8=", "attachment_unsupported"),
    ):
        error = app.ask("POST", "/attachments", {"name": name, "data": data}, status=400)["error"]
        assert error["code"] == code


def test_what_the_page_may_do_programs_may_with_a_key_alone(app: App) -> None:
    key = app.ask("POST", "/server/keys", {"name": "test"}, status=201)
    try:
        for path in ("/collections", "/models", "/downloads", "/browse", "/documents/model"):
            url = f"{app.address}/app/v1{path}"
            assert requests.get(url, timeout=60).status_code == 401
            assert requests.get(url, headers={"Authorization": f"Bearer {key['key']}"}, timeout=60).ok
    finally:
        app.ask("DELETE", f"/server/keys/{key['id']}")


def test_an_answer_goes_before_indexing(slow_store: Path, home: Path, tmp_path: Path) -> None:
    """While one is written, no more is embedded than the batch that was under way."""
    many = home / "novel"
    many.mkdir()
    for number in range(60):
        text = "\n\n".join(f"Chapter {number}, paragraph {part}. " + "Plain words. " * 60 for part in range(40))
        (many / f"{number}.txt").write_text(text)
    with running(slow_store, tmp_path / "data", HOME=str(home)) as one:
        one.ask("PUT", "/documents/model", {"model": VECTORS})
        chat = one.chat(model=SMOLLM2, settings={"sampling": {"max_tokens": 1, "temperature": 0}})
        one.reply(chat, "Hello")  # opens the model
        one.ask("PATCH", f"/chats/{chat}", {"settings": {"sampling": {"max_tokens": 60, "temperature": 0}}})
        one.ask("POST", "/collections", {"name": "novel", "folder": str(many)})
        until(lambda: embedded(tmp_path) > 2 * BATCH)
        begun: int | None = None
        for event in one.events(one.send(chat, "Tell me a long story about a fox.")["job"]):
            if event["type"] == "text" and begun is None:
                begun = embedded(tmp_path)
        assert begun is not None
        assert embedded(tmp_path) - begun <= 2 * BATCH
        until(lambda: embedded(tmp_path) > begun + 4 * BATCH)


def embedded(data: Path) -> int:
    """Vectors in the database of the application."""
    with closing(sqlite3.connect(data / "data" / "documents" / "docs.db", timeout=30)) as database:
        return int(database.execute("SELECT COUNT(*) FROM vectors").fetchone()[0])
