"""Downloads and what a machine does to them: killed processes, two at once, full disks, read-only folders."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from misbehaving_server import MisbehavingServer, content_of

from gpt4all import models
from gpt4all.models import ProgressInfo, _files
from models_helpers import SIZE, cache, left_in, quick, server, sha256_of

__all__ = ["cache", "server"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")
SPAWN = multiprocessing.get_context("spawn")


def download_in_child(url: str, path: str, sha256: str | None, started: Any = None) -> None:
    """What the children run."""
    if started is not None:
        started.set()
    models.download(url, path, sha256=sha256, settings=quick(stall_seconds=20))


def wait_for(condition: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


# ---------------------------------------------------------------------------------------------------- processes


@pytest.mark.parametrize("known", [True, False])
def test_killed_in_the_middle(server: MisbehavingServer, cache: Path, known: bool) -> None:
    path = cache / "m.gguf"
    sha256 = sha256_of(content_of("f", SIZE)) if known else None
    url = server.file("f", SIZE, "stall-120000")
    child = SPAWN.Process(target=download_in_child, args=(url, str(path), sha256))
    child.start()
    part = _files.state_file(path, ".part")
    wait_for(lambda: part.exists() and part.stat().st_size == 120_000)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    assert not path.exists()
    models.download(url, path, sha256=sha256, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)
    assert server.state.asked[-1].headers["Range"] == "bytes=120000-"
    assert left_in(path) == set()


def test_two_processes_at_once_download_once(server: MisbehavingServer, cache: Path) -> None:
    path, url = cache / "m.gguf", server.file("f", SIZE, "slow")
    children = [SPAWN.Process(target=download_in_child, args=(url, str(path), None)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert path.read_bytes() == content_of("f", SIZE)
    assert server.steps() == ["slow"]


def test_threads_at_once_download_once(server: MisbehavingServer, cache: Path) -> None:
    path, url = cache / "m.gguf", server.file("f", SIZE, "slow")
    phases: list[str] = []

    def note(now: ProgressInfo) -> None:
        phases.append(now.phase)

    def run() -> None:
        models.download(url, path, progress=note, settings=quick())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.steps() == ["slow"]
    assert path.read_bytes() == content_of("f", SIZE)


def test_who_waits_hears_of_it_and_can_cancel(server: MisbehavingServer, cache: Path) -> None:
    path, url = cache / "m.gguf", server.file("f", SIZE, "stall-1000")
    child = SPAWN.Process(target=download_in_child, args=(url, str(path), None))
    child.start()
    wait_for(lambda: _files.state_file(path, ".part").exists())
    seen: list[ProgressInfo] = []

    def refuse(now: ProgressInfo) -> bool:
        seen.append(now)
        return False

    from gpt4all import CancellationError

    with pytest.raises(CancellationError):
        models.download(url, path, progress=refuse, settings=quick())
    assert [one.phase for one in seen] == ["waiting"]
    path.write_bytes(b"x")
    with pytest.raises(models.DownloadError, match="being downloaded"):
        models.remove(path, folder=cache)
    child.kill()
    child.join()


def test_the_next_in_line_goes_on_after_a_kill(server: MisbehavingServer, cache: Path) -> None:
    path, url = cache / "m.gguf", server.file("f", SIZE, "stall-100000")
    first = SPAWN.Process(target=download_in_child, args=(url, str(path), None))
    first.start()
    part = _files.state_file(path, ".part")
    wait_for(lambda: part.exists() and part.stat().st_size == 100_000)
    started = SPAWN.Event()
    second = SPAWN.Process(target=download_in_child, args=(url, str(path), None, started))
    second.start()
    started.wait()
    first.kill()
    second.join(30)
    assert second.exitcode == 0
    assert path.read_bytes() == content_of("f", SIZE)
    assert server.state.asked[-1].headers["Range"] == "bytes=100000-"
    first.join()


# --------------------------------------------------------------------------------------------------------- disk


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


def test_a_disk_without_room_is_seen_beforehand(server: MisbehavingServer, cache: Path, small_disk: Path) -> None:
    path = small_disk / "m.gguf"
    with pytest.raises(models.DiskFullError, match=r"2\.0 MB") as caught:
        models.download(server.file("f", 2_000_000), path, settings=quick())
    assert caught.value.detail["needed_bytes"] == 2_000_000
    assert not path.exists()


def test_a_disk_that_fills_up(
    server: MisbehavingServer, cache: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_disk / "m.gguf"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(900_000))
    monkeypatch.setattr("gpt4all.models._fetch.check_space", lambda *_: None)
    with pytest.raises(models.DiskFullError, match="the disk is full") as caught:
        models.download(server.file("f", SIZE), path, settings=quick())
    assert caught.value.errno == errno.ENOSPC
    assert not path.exists()
    ballast.unlink()
    models.download(server.file("f", SIZE), path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)


def test_a_disk_that_is_full_already(server: MisbehavingServer, cache: Path, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(bytes(1 << 21))
    path = small_disk / "m.gguf"
    with pytest.raises(models.DiskFullError):
        models.download(server.file("f", SIZE), path, settings=quick())
    assert not path.exists()
    ballast.unlink()
    models.download(server.file("f", SIZE), path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)


def limited_download(url: str, path: str) -> None:
    """Runs where no file may be longer than 100 kB, as on file systems that end at 4 GB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        models.download(url, path, settings=quick())
    except models.DiskFullError as error:
        sys.exit(3 if error.errno == errno.EFBIG and "files of this size" in str(error) else 4)


def test_a_file_system_that_takes_no_large_files(server: MisbehavingServer, cache: Path) -> None:
    path, url = cache / "m.gguf", server.file("f", SIZE)
    child = SPAWN.Process(target=limited_download, args=(url, str(path)))
    child.start()
    child.join()
    assert child.exitcode == 3
    assert not path.exists()
    models.download(url, path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)


def test_a_folder_that_cannot_be_written(server: MisbehavingServer, cache: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("no folder is closed to root")
    cache.mkdir(mode=0o500)
    with pytest.raises(models.FolderError, match="GPT4ALL_CACHE") as caught:
        models.download(server.file("f", SIZE), cache / "m.gguf", settings=quick())
    assert isinstance(caught.value, PermissionError)


def test_a_file_in_a_read_only_folder_is_taken(small_disk: Path, server: MisbehavingServer, cache: Path) -> None:
    path, url = small_disk / "m.gguf", server.file("f", 10)
    models.download(url, path, settings=quick())
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert models.download(url, path, settings=quick()) == path
    assert models.resolve("m", folder=small_disk) == path
    with pytest.raises(models.FolderError, match="Read-only"):
        models.download(server.file("g", 10), small_disk / "g.gguf", settings=quick())


def test_a_file_where_a_folder_should_be(server: MisbehavingServer, cache: Path) -> None:
    cache.mkdir()
    (cache / "models").write_text("a file")
    with pytest.raises(models.FolderError):
        models.pull(server.file("f", 10), settings=quick())


@pytest.mark.parametrize("name", ["モデル 🦙.gguf", "ñandú's model.gguf", "a" * 195 + ".gguf"])
def test_names_of_all_kinds(server: MisbehavingServer, cache: Path, name: str) -> None:
    path = cache / "каталог моделей" / name
    models.download(server.file("f", SIZE, "cut-100000"), path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)
    assert models.verify(path).ok is True


def test_the_file_never_shows_its_name_before_it_is_right(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    seen: list[bool] = []
    models.download(
        server.file("f", SIZE, "cut-50000+slow"), path, progress=lambda _: seen.append(path.exists()), settings=quick()
    )
    assert len(seen) > 1
    assert not any(seen)
