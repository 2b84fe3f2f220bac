"""Indexing as a job: how far it is, pausing and resuming, letting others go first, and another model."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from conftest import child_environment
from gpt4all import ModelNotFoundError
from gpt4all.documents import Documents, Progress
from gpt4all.documents._jobs import LOST_SECONDS

from .faking import FakeEmbedder
from .making import TEXT

HERE = Path(__file__).parent


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """One with 20 files, one with 5."""
    made = tmp_path / "many", tmp_path / "few"
    for folder, count in zip(made, (20, 5), strict=True):
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}.txt").write_text(f"File {number} of {folder.name}. {TEXT}")
    return made


@pytest.fixture
def documents(tmp_path: Path, folders: tuple[Path, Path]) -> Iterator[Documents]:
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as opened:
        for folder in folders:
            opened.add(folder.name, folder)
        yield opened


def states(documents: Documents) -> dict[str, str]:
    return {each.name: each.indexing.state for each in documents.collections()}


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_a_run_notes(documents: Documents) -> None:
    assert states(documents) == {"few": "idle", "many": "idle"}
    seen: dict[str, set[str]] = {}

    def progress(each: Progress) -> None:
        seen.setdefault(each.collection, set()).add(states(documents)[each.collection])

    documents.index(progress=progress)
    assert seen == {"few": {"running"}, "many": {"running"}}
    many = documents.collections()[1].indexing
    assert (many.state, many.files, many.files_done, many.chunks_done) == ("idle", 20, 20, 20)
    assert many.seconds > 0
    assert many.chunks_per_second == pytest.approx(20 / many.seconds)
    documents.index()
    assert documents.collections()[1].indexing.chunks_per_second == many.chunks_per_second


def test_a_collection_is_paused_and_resumed_alone(tmp_path: Path, documents: Documents) -> None:
    def progress(each: Progress) -> None:
        if each.collection == "many" and each.files_done == 3:
            documents.pause("many")

    done = documents.index(progress=progress)
    assert not done.finished
    assert states(documents) == {"few": "idle", "many": "paused"}
    job = documents.collections()[1].indexing
    assert 3 <= job.files_done < 20
    assert job.files == 20
    documents.close()
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as again:
        assert states(again)["many"] == "paused"
        assert again.index().read == 0
        again.resume("many")
        assert states(again)["many"] == "interrupted"
        assert again.index().read == 20 - job.files_done
        assert states(again) == {"few": "idle", "many": "idle"}


def test_naming_a_paused_collection_resumes_it(documents: Documents) -> None:
    documents.pause("many")
    assert documents.index().read == 5
    assert documents.index(["many"]).read == 20
    with pytest.raises(ModelNotFoundError):
        documents.pause("none")


def test_a_failure_is_noted_with_its_cause(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    embedder = FakeEmbedder()
    embedder.fail_in_batch = 1
    with Documents(tmp_path / "data", embedder=embedder) as documents:
        documents.add("many", folders[0])
        with pytest.raises(RuntimeError):
            documents.index()
        job = documents.collections()[0].indexing
        assert (job.state, job.error) == ("failed", "killed")
        documents.index()
        assert documents.collections()[0].indexing.error is None


def test_another_process_sees_how_far_it_is_and_that_it_was_killed(
    tmp_path: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import sys, time; sys.path[:0] = [sys.argv[2]]\n"
        "from documents.faking import FakeEmbedder\n"
        "from gpt4all.documents import Documents\n"
        "class Slow(FakeEmbedder):\n"
        "    def embed_documents(self, texts):\n"
        "        time.sleep(0.3)\n"
        "        return super().embed_documents(texts)\n"
        "with Documents(sys.argv[1], embedder=Slow()) as documents: documents.index()\n"
    )
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as documents:
        documents.add("many", folders[0])
    running = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "data"), str(HERE.parent)], env=child_environment()
    )
    try:
        with Documents(tmp_path / "data", embedder=FakeEmbedder(), read_only=True) as documents:
            until(lambda: documents.collections()[0].indexing.files_done >= 3)
            job = documents.collections()[0].indexing
            assert job.state == "running"
            assert job.files == 20
            running.kill()
            running.wait()
            now = time.time()
            monkeypatch.setattr(time, "time", lambda: now + LOST_SECONDS + 1)
            assert documents.collections()[0].indexing.state == "interrupted"
    finally:
        running.kill()
        running.wait()


def test_indexing_waits_while_something_more_urgent_runs(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    """Not one batch is embedded meanwhile, and a pause does not have to wait."""
    busy = threading.Event()
    embedder = FakeEmbedder()
    phases: list[str] = []
    with Documents(tmp_path / "data", embedder=embedder, yield_to=busy.is_set) as documents:
        documents.add("many", folders[0])

        def progress(each: Progress) -> None:
            phases.append(each.phase)
            if each.files_done == 3 and not resumed.is_set():
                busy.set()

        resumed = threading.Event()
        thread = threading.Thread(target=documents.index, kwargs={"progress": progress})
        thread.start()
        until(lambda: phases[-1:] == ["waiting"])
        embedded = len(embedder.texts)
        time.sleep(0.3)
        assert len(embedder.texts) == embedded
        resumed.set()
        busy.clear()
        thread.join(60)
        assert len(embedder.texts) == 20
        (folders[0] / "more.txt").write_text("More.")
        busy.set()
        thread = threading.Thread(target=documents.index)
        thread.start()
        until(lambda: documents.collections()[0].indexing.state == "running")
        begun = time.monotonic()
        documents.pause()
        thread.join(60)
        assert time.monotonic() - begun < 10
        assert len(embedder.texts) == 20


def test_complaint_3_nothing_but_a_confirmation_has_documents_embedded_anew_and_an_estimate_tells_what_it_takes(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    class Slow(FakeEmbedder):
        def embed_documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            time.sleep(0.02)
            return super().embed_documents(texts)

    with Documents(tmp_path / "data", embedder=Slow()) as documents:
        documents.add("many", folders[0])
        assert documents.estimate() == documents.estimate(["many"])
        assert documents.estimate().seconds is None
        documents.index()
        estimate = documents.estimate()
        assert (estimate.files, estimate.chunks) == (20, 20)
        assert estimate.seconds is not None
        assert estimate.seconds > 20 * 0.02
    other = FakeEmbedder(dimension=32, name="other")
    with Documents(tmp_path / "data", embedder=Slow()) as documents:
        assert documents.index().embedded == 0  # as often as it is opened
        documents.use(other)
        found = documents.search("File 7 of many", whole=False)
        assert "File 7" in found.passages[0].text  # by its words, until the vectors are there
        assert other.texts == []
        done = documents.index()
        assert (done.read, done.embedded) == (0, 20)
        assert documents.collections()[0].embed_model == "other"
        assert len(list((tmp_path / "data").glob("vectors-*.f16"))) == 1
        scores = documents.search("File 7 of many", whole=False).passages[0].scores
        assert scores is not None
        assert scores.vectors is not None
    with Documents(tmp_path / "data", embedder=other) as documents:
        assert documents.index().embedded == 0


def test_watching_takes_up_what_is_added_and_resumed(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as documents:
        documents.add("few", folders[1])
        documents.pause("few")
        thread = threading.Thread(target=documents.watch, kwargs={"interval": 600})
        thread.start()
        try:
            documents.add("many", folders[0])
            until(lambda: documents.collections()[1].states.get("ready") == 20)
            assert documents.collections()[0].states == {}
            documents.resume("few")
            until(lambda: documents.collections()[0].states.get("ready") == 5)
        finally:
            documents.pause()
            thread.join(60)
        assert not thread.is_alive()
