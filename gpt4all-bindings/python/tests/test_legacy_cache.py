"""The translations of files of 2023 in the cache: made once, by one, whole or not at all."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_tools.legacy.blocks import TensorType
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.tiny_models import tiny_gptj
from corpus_tools.legacy.variants import variant

import gpt4all
from conftest import RunPython

pytestmark = pytest.mark.usefixtures("library")

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of a few megabytes."""
    model = tiny_gptj(width=256)
    return variant("gptj-a").write(tmp_path / "ggml-gpt4all-j.bin", model, Types(TensorType.F16))[0]


def translations(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.gguf"))


def leftovers(folder: Path) -> list[Path]:
    """What is half done; locks and records may stay."""
    return [path for path in folder.rglob("*") if ".part" in path.name or ".tmp" in path.name]


def open_once(path: Path, cache: Path, **options: Any) -> str:
    """Opens the file and has a word from it."""
    with gpt4all.Model(path, cache_dir=str(cache), n_ctx=64, **options) as model:
        return model.complete("the", max_tokens=4, temperature=0).text


def test_the_second_time_nothing_is_translated(old: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = open_once(old, cache)
    (made,) = translations(cache)
    before = made.stat()
    assert open_once(old, cache) == first
    after = made.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert translations(cache) == [made]
    assert not leftovers(cache)
    with gpt4all.Model(made, n_ctx=64) as model:  # it is a GGUF as any other
        assert model.complete("the", max_tokens=4, temperature=0).text == first


def test_translations_of_files_that_are_gone_are_pruned(old: Path, tmp_path: Path) -> None:
    copy = tmp_path / "kept.bin"
    model = tiny_gptj(width=256)
    variant("gptj-a").write(copy, model, Types(TensorType.Q4_0))
    cache = tmp_path / "cache"
    for path in (old, copy):
        open_once(path, cache)
    (half := cache / "translated" / "0123.abc.part").write_bytes(b"half done")
    assert len(translations(cache)) == 2
    prune = "from gpt4all import models; print(len(models.prune(older_than_seconds={}).paths))"
    environment = {**os.environ, "GPT4ALL_CACHE": str(cache)}

    def pruned(seconds: float) -> int:
        done = subprocess.run(
            [sys.executable, "-c", prune.format(seconds)], env=environment, capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    old.unlink()
    assert pruned(3600) == 0  # all of it is young
    assert pruned(0) == 4  # the translation, its record and lock, and what is half done
    assert not half.exists()
    (kept,) = translations(cache)
    before = kept.stat().st_ino
    open_once(copy, cache)
    assert translations(cache) == [kept]
    assert kept.stat().st_ino == before


def test_the_same_content_under_another_name_has_the_same_translation(old: Path, tmp_path: Path) -> None:
    cache, copy = tmp_path / "cache", tmp_path / "another name.bin"
    shutil.copyfile(old, copy)
    open_once(old, cache)
    open_once(copy, cache)
    assert len(translations(cache)) == 1


def test_a_file_that_changed_is_translated_anew(old: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    open_once(old, cache)
    data = bytearray(old.read_bytes())
    data[-1000:] = bytes(1000)
    time.sleep(0.02)  # longer than the clock of files is apart
    old.write_bytes(bytes(data))
    open_once(old, cache)
    assert len(translations(cache)) == 2


def test_a_translation_that_was_damaged_is_made_anew(old: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    text = open_once(old, cache)
    (made,) = translations(cache)
    with made.open("r+b") as file:
        file.truncate(1000)
    assert open_once(old, cache) == text


@pytest.mark.parametrize(
    "change",
    [
        {"translation": 5},
        {"translation": None},
        {"bytes": "many"},
        {"bytes": -1},
        {"files": "none"},
        {"files": [5]},
        {"files": [{"device": "x", "inode": 1e99}]},
    ],
    ids=str,
)
def test_a_record_that_was_damaged_is_made_anew(old: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    cache = tmp_path / "cache"
    text = open_once(old, cache)
    (record,) = cache.rglob("*.json")
    whole = json.loads(record.read_text())
    record.write_text(json.dumps({**whole, **change}))
    assert open_once(old, cache) == text
    assert json.loads(record.read_text()) == whole


def test_the_cache_is_where_the_variable_says(old: Path, tmp_path: Path, run_python: RunPython) -> None:
    program = "import gpt4all, sys; gpt4all.Model(sys.argv[1], n_ctx=64).close()"
    done = run_python(program, str(old), GPT4ALL_CACHE=str(tmp_path / "named"))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(translations(tmp_path / "named")) == 1


def open_in_child(path: str, cache: str, together: Any, results: Any) -> None:
    """What the children run."""
    together.wait()
    results.put(open_once(Path(path), Path(cache)))


def test_processes_that_want_the_same_translation(old: Path, tmp_path: Path) -> None:
    cache, together, results = tmp_path / "cache", SPAWN.Barrier(3), SPAWN.Queue()
    children = [SPAWN.Process(target=open_in_child, args=(str(old), str(cache), together, results)) for _ in range(3)]
    for child in children:
        child.start()
    texts = {results.get(timeout=60) for _ in children}
    for child in children:
        child.join()
    assert len(texts) == 1
    assert len(translations(cache)) == 1
    assert not leftovers(cache)


@pytest.mark.parametrize("at", [0.0, 0.3, 0.9])
def test_cancelling_leaves_nothing(old: Path, tmp_path: Path, at: float) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out.gguf"
    told: list[float] = []

    def until(done: float) -> bool:
        told.append(done)
        return done < at

    with pytest.raises(gpt4all.CancellationError):
        gpt4all.convert(old, out, progress=until)
    assert told == sorted(told)
    assert not out.exists()
    assert not leftovers(tmp_path)
    told.clear()
    with pytest.raises(gpt4all.CancellationError):
        open_once(old, cache, progress=until)
    assert not leftovers(tmp_path)
    assert open_once(old, cache)  # and the next one finds nothing in its way


def test_progress_of_converting_goes_from_nought_to_one(old: Path, tmp_path: Path) -> None:
    told: list[float] = []
    gpt4all.convert(old, tmp_path / "out.gguf", progress=told.append)
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == 1


SLOW = """
import gpt4all, sys, time
def wait(done):
    if done > 0.3:
        print("half", flush=True)
        time.sleep(60)
    return True
gpt4all.Model(sys.argv[1], cache_dir=sys.argv[2], n_ctx=64, progress=wait)
"""


def test_killed_in_the_middle(old: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = {**os.environ, "PYTHONPATH": str(Path(gpt4all.__file__).parents[1])}
    command = [sys.executable, "-c", SLOW, str(old), str(cache)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half\n"
        assert not translations(cache)
        child.send_signal(signal.SIGKILL)
    assert open_once(old, cache)
    assert len(translations(cache)) == 1
    assert not leftovers(cache)


FULL = """
import gpt4all, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
old, cache, out = sys.argv[1:]
for work in (lambda: gpt4all.Model(old, cache_dir=cache), lambda: gpt4all.convert(old, out)):
    try:
        work()
    except gpt4all.LLModelIOError as error:
        print(error)
"""


def test_a_disk_that_takes_no_more(old: Path, tmp_path: Path, run_python: RunPython) -> None:
    cache = tmp_path / "cache"
    done = run_python(FULL, str(old), str(cache), str(tmp_path / "out.gguf"))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2
    assert str(cache) in done.stdout
    assert "out.gguf" in done.stdout
    assert not translations(tmp_path)
    assert not leftovers(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_without_room_is_seen_beforehand(old: Path, small_disk: Path) -> None:
    told: list[float] = []
    for work in (
        lambda: open_once(old, small_disk, progress=told.append),
        lambda: gpt4all.convert(old, small_disk / "out.gguf", progress=told.append),
    ):
        with pytest.raises(gpt4all.LLModelIOError, match=str(small_disk)):
            work()
    assert not [done for done in told if done > 0]
    assert not translations(small_disk)
    assert not leftovers(small_disk)


def test_a_cache_that_is_no_folder(old: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(gpt4all.LLModelIOError, match="file"):
        open_once(old, tmp_path / "file")
