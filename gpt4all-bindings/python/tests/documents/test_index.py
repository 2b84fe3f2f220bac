"""Indexing: what is read again and what is not, and that it goes on from where it was ended."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from conftest import child_environment
from gpt4all import InvalidArgumentError, ModelNotFoundError
from gpt4all.documents import Documents, Limits, Progress, Reason
from gpt4all.documents._index import BATCH

from . import making
from .faking import FakeEmbedder
from .making import TEXT

HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "notes"
    (path / "sub").mkdir(parents=True)
    (path / "house.txt").write_text(TEXT)
    (path / "sub" / "car.md").write_text("# Car\n\nThe vehicle needs oil.\n")
    return path


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def documents(tmp_path: Path, embedder: FakeEmbedder) -> Iterator[Documents]:
    with Documents(tmp_path / "data", embedder=embedder) as opened:
        yield opened


def long_text(topic: str, paragraphs: int) -> str:
    return "\n\n".join(f"{topic} {number}. " + "Plain words follow here. " * 30 for number in range(paragraphs))


def test_a_first_run_and_a_second(documents: Documents, folder: Path, embedder: FakeEmbedder) -> None:
    documents.add("notes", folder)
    seen: list[Progress] = []
    done = documents.index(progress=seen.append)
    assert (done.read, done.unreadable, done.embedded, done.finished) == (2, 0, 2, True)
    assert {each.phase for each in seen} == {"scanning", "reading", "embedding"}
    assert (seen[-1].files, seen[-1].chunks_done) == (2, 2)
    assert embedder.texts == [TEXT, "Car > Car\n# Car\n\nThe vehicle needs oil."]
    (collection,) = documents.collections()
    assert (collection.name, collection.folders, collection.states) == ("notes", (folder,), {"ready": 2})
    assert (collection.chunks, collection.embedded, collection.embed_model) == (2, 2, "fake")
    again = documents.index()
    assert (again.read, again.known, again.embedded, again.reused) == (0, 0, 0, 0)
    assert len(embedder.texts) == 2


def test_renames_cost_nothing(documents: Documents, folder: Path, embedder: FakeEmbedder) -> None:
    documents.add("notes", folder)
    documents.index()
    (folder / "house.txt").rename(folder / "sub" / "rent.txt")
    done = documents.index()
    assert (done.read, done.known, done.embedded) == (0, 1, 0)
    assert len(embedder.texts) == 2
    assert [(file.path.name, file.state) for file in documents.files("notes")] == [
        ("house.txt", "missing"),
        ("car.md", "ready"),
        ("rent.txt", "ready"),
    ]
    assert documents.search("rent due", whole=False).passages[0].path == folder / "sub" / "rent.txt"


def test_complaint_3_one_edited_file_embeds_only_its_changed_chunks(
    documents: Documents, folder: Path, embedder: FakeEmbedder
) -> None:
    text = long_text("House", 40)
    (folder / "house.txt").write_text(text)
    documents.add("notes", folder)
    first = documents.index()
    assert first.embedded > 10
    (folder / "house.txt").write_text(text.replace("House 39.", "Garden 39."))
    done = documents.index()
    assert (done.read, done.embedded) == (1, 1)
    assert done.reused == first.embedded - 2
    assert "Garden 39." in embedder.texts[-1]
    assert documents.collections()[0].chunks == first.embedded
    assert documents.search("Garden", whole=False).passages[0].path == folder / "house.txt"


def test_what_vanished_is_not_found_and_comes_back(documents: Documents, folder: Path, embedder: FakeEmbedder) -> None:
    documents.add("notes", folder)
    documents.index()
    shutil.move(folder / "house.txt", folder.parent / "aside.txt")
    documents.index()
    assert all(each.path.name != "house.txt" for each in documents.search("rent due").passages)
    shutil.move(folder.parent / "aside.txt", folder / "house.txt")
    done = documents.index()
    assert (done.read, done.known, done.embedded) == (0, 1, 0)
    assert documents.search("rent due", whole=False).passages[0].path.name == "house.txt"


def test_a_folder_that_is_not_there_loses_nothing(documents: Documents, folder: Path) -> None:
    documents.add("notes", folder)
    documents.index()
    folder.rename(folder.with_name("elsewhere"))
    done = documents.index()
    assert done.unavailable == (folder,)
    assert documents.collections()[0].states == {"ready": 2}


def test_reasons(documents: Documents, folder: Path, tmp_path: Path) -> None:
    making.pdf(folder / "scan.pdf", [[]], picture=True)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / ".hidden.txt").write_text("hidden")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "a.txt").write_text("made")
    (folder / "draft.txt").write_text("draft")
    documents.add("notes", folder, exclude=["draft*"])
    assert documents.index().unreadable == 2
    found = {file.path.name: (file.reason, file.message) for file in documents.files("notes", state="unreadable")}
    assert {name: reason for name, (reason, _) in found.items()} == {
        "broken.pdf": Reason.DAMAGED,
        "link.txt": Reason.INACCESSIBLE,
        "picture.png": Reason.UNSUPPORTED,
        "scan.pdf": Reason.SCANNED,
    }
    assert all(message for _, message in found.values())
    assert len(documents.files("notes")) == 6
    assert not any("secret" in each.text or "draft" in each.text for each in documents.search("secret draft").passages)


def test_a_file_that_becomes_readable(documents: Documents, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"")
    documents.add("notes", folder)
    documents.index()
    making.pdf(folder / "a.pdf", [["It rained in Paris."]])
    documents.index()
    assert documents.collections()[0].states == {"ready": 3}
    passage = documents.search("rained Paris", whole=False).passages[0]
    assert (passage.path.name, passage.pages) == ("a.pdf", (1, 1))


def test_what_was_embedded_before_an_error_is_kept(documents: Documents, folder: Path, embedder: FakeEmbedder) -> None:
    (folder / "house.txt").write_text("\n\n".join(f"# unlike {number}\n" + "x y. " * 300 for number in range(100)))
    embedder.fail_in_batch = 3
    documents.add("notes", folder)
    with pytest.raises(RuntimeError, match="killed"):
        documents.index()
    assert len(embedder.texts) == 2 * BATCH
    embedder.fail_in_batch = None
    done = documents.index()
    (collection,) = documents.collections()
    assert collection.embedded == collection.chunks == len(embedder.texts)
    assert done.embedded == collection.chunks - 2 * BATCH


PROGRAM = """
import sys, time
from pathlib import Path
sys.path[:0] = [sys.argv[3]]
from documents.faking import FakeEmbedder
from gpt4all.documents import Documents
class Slow(FakeEmbedder):
    def embed_documents(self, texts):
        time.sleep(0.05)
        with open(sys.argv[2], "a") as log:
            log.write(f"{len(texts)}\\n")
        return super().embed_documents(texts)
with Documents(sys.argv[1], embedder=Slow()) as documents:
    documents.index()
"""


def test_complaint_3_kill_and_resume_repeats_at_most_one_batch(tmp_path: Path, folder: Path) -> None:
    """SIGKILL at any moment; then the next run. Nothing is embedded twice but what was under way."""
    for number in range(6):
        text = "\n\n".join(f"Topic {number} {row}. " + f"Plain words follow {number} {row}. " * 60 for row in range(60))
        (folder / f"{number}.txt").write_text(text)
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as documents:
        documents.add("notes", folder)
    log = tmp_path / "log"
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "data"), str(log), str(HERE.parent)]
    for kills in range(1, 4):
        running = subprocess.Popen(command, env=child_environment())
        wanted = (log.read_text().count("\n") if log.exists() else 0) + 2 * kills
        while not log.exists() or log.read_text().count("\n") < wanted:
            assert running.poll() is None
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    subprocess.run(command, check=True, env=child_environment())
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as documents:
        (collection,) = documents.collections()
        assert collection.states == {"ready": 8}
        assert collection.embedded == collection.chunks
        store = documents._store
        assert store.rows("SELECT COUNT(DISTINCT content_id), COUNT(*) FROM chunks")[0] == (8, collection.chunks)
        assert store.rows("PRAGMA integrity_check") == [("ok",)]
    embedded = sum(map(int, log.read_text().split()))
    assert collection.chunks <= embedded <= collection.chunks + 3 * BATCH


def test_pause(documents: Documents, folder: Path) -> None:
    for number in range(20):
        (folder / f"{number}.txt").write_text(f"File {number}. {TEXT}")
    documents.add("notes", folder)

    def progress(each: Progress) -> None:
        if each.files_done == 3:
            documents.pause()

    done = documents.index(progress=progress)
    assert not done.finished
    assert 3 <= done.read < 20
    done = documents.index()
    assert done.finished
    assert documents.collections()[0].states == {"ready": 22}


def test_the_same_text_in_two_collections(documents: Documents, folder: Path, embedder: FakeEmbedder) -> None:
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    documents.add("notes", folder)
    documents.add("copies", copy)
    done = documents.index()
    assert (done.read, done.known, done.embedded) == (2, 2, 2)
    documents.remove("notes")
    assert [each.name for each in documents.collections()] == ["copies"]
    assert documents.search("rent due", whole=False).passages[0].path == copy / "house.txt"
    documents.remove("copies")
    assert documents._store.rows("SELECT (SELECT COUNT(*) FROM chunks), (SELECT COUNT(*) FROM vectors)") == [(0, 0)]
    assert (copy / "house.txt").exists()


def test_limits_are_passed_on(tmp_path: Path, folder: Path) -> None:
    with Documents(tmp_path / "data", embedder=FakeEmbedder(), limits=Limits(file_bytes=5)) as documents:
        documents.add("notes", folder)
        documents.index()
        assert {file.reason for file in documents.files("notes")} == {Reason.TOO_LARGE}


def test_another_model_is_told_not_used(tmp_path: Path, folder: Path) -> None:
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as documents:
        documents.add("notes", folder)
        documents.index()
    with Documents(tmp_path / "data", embedder=FakeEmbedder(name="other")) as documents:
        for work in (
            lambda: documents.search("rent"),
            documents.index,
            lambda: documents.add("notes", folder),
        ):
            with pytest.raises(InvalidArgumentError, match=r"embedded by fake.* is other"):
                work()


@pytest.mark.parametrize("phase", ["scanning", "reading", "batch"])
def test_a_collection_may_be_removed_while_it_is_indexed(tmp_path: Path, folder: Path, phase: str) -> None:
    """At whatever step it is; the others are indexed all the same."""
    embedder = Removing()
    with Documents(tmp_path / "data", embedder=embedder) as documents:
        documents.add("a", folder)
        documents.add("b", folder)
        if phase == "batch":
            embedder.remove = lambda: documents.remove("a")

        def removing(progress: Progress) -> None:
            if progress.phase == phase and len(documents.collections()) == 2:
                documents.remove("a")

        documents.index(progress=removing)
        assert [each.name for each in documents.collections()] == ["b"]
        assert {file.state for file in documents.files("b")} == {"ready"}
        assert documents.collections()[0].embedded == documents.collections()[0].chunks > 0


class Removing(FakeEmbedder):
    """Calls something before its first batch is done."""

    remove: Callable[[], None] | None = None

    def embed_documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        remove, self.remove = self.remove, None
        if remove is not None:
            remove()
        return super().embed_documents(texts)


def test_what_was_read_stays_when_another_collection_is_removed(documents: Documents, folder: Path) -> None:
    """Contents that no file has are dropped then: what has just been read must have its file by that time."""
    empty = folder.parent / "empty"
    empty.mkdir()
    for number in range(60):
        (folder / f"{number}.txt").write_text(f"Note {number} is about water pumps.\n")
    documents.add("notes", folder)
    ended = threading.Event()

    def remove_others() -> None:
        while not ended.is_set():
            documents.add("other", empty)
            documents.remove("other")

    removing = threading.Thread(target=remove_others)
    removing.start()
    try:
        documents.index(["notes"])
    finally:
        ended.set()
        removing.join()
    assert {file.state for file in documents.files("notes")} == {"ready"}
    assert documents.collections()[0].embedded == documents.collections()[0].chunks > 60


def test_a_new_collection_is_not_paused_as_a_removed_one_was(documents: Documents, folder: Path) -> None:
    documents.add("paused", folder)
    documents.pause("paused")
    documents.remove("paused")
    documents.add("new", folder)
    documents.index()
    assert {file.state for file in documents.files("new")} == {"ready"}


def test_a_collection_is_renamed(documents: Documents, folder: Path, embedder: FakeEmbedder) -> None:
    documents.add("notes", folder)
    documents.add("other", folder)
    documents.index()
    before, embedded = documents.collections()[0], len(embedder.texts)
    file = documents.files("notes")[0]
    documents.rename("notes", "House & garden")
    after = documents.collections()[0]
    assert after == dataclasses.replace(before, name="House & garden")
    assert documents.file(file.id).collection == "House & garden"
    assert {each.collection for each in documents.search("rent", ["House & garden"]).passages} == {"House & garden"}
    assert documents.index().read == 0
    assert len(embedder.texts) == embedded
    documents.rename("other", "other")
    with pytest.raises(ModelNotFoundError, match=r"no collection 'notes'; there are House & garden, other"):
        documents.search("rent", ["notes"])
    with pytest.raises(ModelNotFoundError, match="no collection 'notes'"):
        documents.rename("notes", "x")
    with pytest.raises(InvalidArgumentError, match="there is a collection 'other' already"):
        documents.rename("House & garden", "other")
    for name in ("", "a/b", ".."):
        with pytest.raises(InvalidArgumentError, match="name"):
            documents.rename("other", name)
    assert [each.name for each in documents.collections()] == ["House & garden", "other"]


def test_a_collection_may_be_renamed_while_it_is_indexed(documents: Documents, folder: Path) -> None:
    """What is told of it from then on has the new name."""
    documents.add("notes", folder)
    names: list[str] = []

    def note(progress: Progress) -> None:
        if not names:
            documents.rename("notes", "house")
        names.append(progress.collection)

    assert documents.index("notes", progress=note).finished
    assert names[0] == "notes"
    assert set(names[1:]) == {"house"}
    assert {each.state for each in documents.files("house")} == {"ready"}


def test_wrong_names(documents: Documents, folder: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="is not a folder"):
        documents.add("notes", folder / "house.txt")
    with pytest.raises(InvalidArgumentError, match="needs a name"):
        documents.add(" ", folder)
    for name in ("a/b", "a\\b", "..", "a\0b", "a\nb"):
        with pytest.raises(InvalidArgumentError, match="cannot be a collection's name"):
            documents.add(name, folder)
    with pytest.raises(ModelNotFoundError, match="there is none yet"):
        documents.remove("x")
    documents.add("notes", folder)
    with pytest.raises(ModelNotFoundError, match="there are notes"):
        documents.files("x")


def too_many(*_: object, **__: object) -> None:
    raise OSError("OS file watch limit reached.")


@pytest.mark.parametrize("hints", [True, False, "too many"])
def test_watching(documents: Documents, folder: Path, hints: bool | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With hints of the system, and without: then the interval finds what changed."""
    if hints == "too many":
        monkeypatch.setattr("watchfiles.watch", too_many)
    elif not hints:
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    documents.add("notes", folder)
    failures: list[BaseException] = []

    def watch() -> None:
        try:
            documents.watch("notes", interval=600 if hints is True else 0.1)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        ready(documents, 2)
        (folder / "new.txt").write_text("A walrus arrived.")
        ready(documents, 3)
        documents.rename("notes", "house")
        (folder / "newer.txt").write_text("Its friend, the seal, came too.")
        ready(documents, 4)
    finally:
        begun = time.monotonic()
        documents.pause()
        thread.join(20)
    assert not thread.is_alive()
    assert time.monotonic() - begun < 10
    assert failures == []


def ready(documents: Documents, count: int) -> None:
    end = time.monotonic() + 30
    while documents.collections()[0].states.get("ready") != count:
        assert time.monotonic() < end
        time.sleep(0.05)
