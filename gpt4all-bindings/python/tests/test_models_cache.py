"""Listing, checking, removing and pruning what was downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from misbehaving_server import MisbehavingServer, content_of

from conftest import child_environment
from gpt4all import InvalidArgumentError, ModelNotFoundError, models
from gpt4all.models import ProgressInfo
from models_helpers import SIZE, cache, quick, server, sha256_of

__all__ = ["cache", "server"]


@pytest.fixture
def path(server: MisbehavingServer, cache: Path) -> Path:
    """A model that was downloaded."""
    return models.download(server.file("f", SIZE), cache / "models" / "m.gguf", settings=quick())


def everything(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*")}


def make_old(folder: Path) -> None:
    for one in folder.rglob("*"):
        os.utime(one, (time.time() - 10**7,) * 2)


def test_lists(path: Path, server: MisbehavingServer, cache: Path) -> None:
    (cache / "old.gguf").write_bytes(b"from an older release")
    (cache / "models" / models.DEFAULT_MODEL).write_bytes(b"put there by hand")
    (cache / "models" / "notes.txt").write_text("no model")
    other = models.pull(server.file("g", 10), settings=quick())
    found = {model.name: model for model in models.list_cached()}
    below = other.relative_to(cache / "models").as_posix()
    assert set(found) == {"m.gguf", "old.gguf", models.DEFAULT_MODEL, below}
    assert found["m.gguf"].size == SIZE
    assert found["m.gguf"].sha256 == sha256_of(content_of("f", SIZE))
    assert found["m.gguf"].source == server.file("f", SIZE)
    assert found["old.gguf"].sha256 is None
    entry = found[models.DEFAULT_MODEL].entry
    assert entry is not None
    assert found[models.DEFAULT_MODEL].sha256 == entry.sha256
    for name, model in found.items():
        assert models.resolve(name) == model.path
    assert models.list_cached(folder=cache / "nowhere") == []


NO_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
"""For root, whom permissions would not keep out."""


def test_a_home_that_is_closed_is_left_out(path: Path, cache: Path, tmp_path: Path) -> None:
    """As to a service, which has a cache of its own."""
    root = os.geteuid() == 0
    if root and shutil.which(NO_OVERRIDE[0]) is None:
        pytest.skip("setpriv is not installed")
    home = tmp_path / "home"
    (home / ".cache" / "gpt4all").mkdir(parents=True)
    home.chmod(0)
    program = "from gpt4all import models; print([model.name for model in models.list_cached()], models.prune().paths)"
    try:
        done = subprocess.run(
            [*(NO_OVERRIDE if root else ()), sys.executable, "-c", program],
            env=child_environment(HOME=str(home), GPT4ALL_CACHE=str(cache)),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        home.chmod(0o700)
    assert (done.stdout, done.stderr) == (f"['{path.name}'] ()\n", "")


def test_verifies(path: Path) -> None:
    seen: list[ProgressInfo] = []
    found = models.verify("m", progress=seen.append)
    assert found.ok is True
    assert found.found == found.expected == sha256_of(content_of("f", SIZE))
    assert seen[-1] == ProgressInfo(SIZE, SIZE, "verifying")
    path.write_bytes(bytes(SIZE))
    assert models.verify("m").ok is False
    path.write_bytes(b"")
    assert models.verify(path).ok is False


def test_verifies_by_the_catalogue(cache: Path) -> None:
    (cache / "models").mkdir(parents=True)
    (cache / "models" / models.DEFAULT_MODEL).write_bytes(b"not it")
    assert models.verify(models.DEFAULT_MODEL).ok is False
    (cache / "models" / "orca-mini-3b-gguf2-q4_0.gguf").write_bytes(b"not it either")
    found = models.verify("orca-mini-3b-gguf2-q4_0")
    assert (found.ok, found.algorithm) == (False, "md5")
    (cache / "models" / "mine.gguf").write_bytes(b"unknown")
    assert models.verify("mine").ok is None
    with pytest.raises(ModelNotFoundError):
        models.verify("nothing")


def test_removes(path: Path, cache: Path) -> None:
    assert models.remove("m") == [path]
    assert everything(cache / "models") <= {".gpt4all", ".gpt4all/m.gguf.lock"}
    with pytest.raises(ModelNotFoundError):
        models.remove("m")


def test_removes_nothing_outside_the_cache(cache: Path, tmp_path: Path) -> None:
    mine = tmp_path / "precious.gguf"
    mine.write_bytes(b"mine")
    with pytest.raises(InvalidArgumentError, match="not in the cache"):
        models.remove(mine)
    (cache / "models").mkdir(parents=True)
    (cache / "models" / "link").symlink_to(tmp_path)
    with pytest.raises(InvalidArgumentError, match="not in the cache"):
        models.remove(cache / "models" / "link" / "precious.gguf")
    assert mine.exists()


def test_discards_what_one_download_left(server: MisbehavingServer, cache: Path) -> None:
    for id in ("g", "h"):
        with pytest.raises(models.ConnectionFailedError):
            models.pull(server.file(id, SIZE, "cut-5000"), settings=quick(retries=0))
    models.discard(server.file("g", SIZE, "cut-5000"))
    assert len(list(cache.rglob("*.part"))) == 1
    done = models.pull(server.file("h", SIZE, "cut-5000"), settings=quick())
    models.discard(server.file("h", SIZE, "cut-5000"))
    assert done.exists()
    assert models.verify(done).ok
    with pytest.raises(ModelNotFoundError):
        models.discard("no such model")


def test_prunes_what_is_old_and_nothing_else(path: Path, server: MisbehavingServer, cache: Path) -> None:
    folder = cache / "models"
    with pytest.raises(models.ConnectionFailedError):
        models.download(server.file("g", SIZE, "cut-5000"), folder / "g.gguf", settings=quick(retries=0))
    gone = models.download(server.file("h", 10), folder / "h.gguf", settings=quick())
    gone.unlink()
    (folder / "ancient.gguf.part").write_bytes(b"123")
    below = models.pull(server.file("i", 10), settings=quick())
    below.unlink()
    assert models.prune().paths == ()
    before = everything(folder)
    make_old(folder)
    pruned = models.prune()
    assert pruned.freed_bytes >= 5000 + 3
    assert everything(folder) == {"m.gguf", ".gpt4all", ".gpt4all/m.gguf.json"}
    files = {one.relative_to(folder).as_posix() for one in pruned.paths}
    assert files <= before
    assert ".gpt4all/g.gguf.part" in files
    assert models.verify("m").ok is True
    models.download(server.file("g", SIZE), folder / "g.gguf", settings=quick())


def test_prunes_at_once_if_asked(server: MisbehavingServer, cache: Path) -> None:
    with pytest.raises(models.ConnectionFailedError):
        models.download(server.file("g", SIZE, "cut-5000"), cache / "models" / "g.gguf", settings=quick(retries=0))
    assert models.prune(older_than_seconds=0).freed_bytes >= 5000
    assert everything(cache / "models") == set()


def test_prunes_rearranged_weights_that_were_not_used(cache: Path) -> None:
    folder = cache / "panels"
    folder.mkdir(parents=True)
    for name in ("0-1.panels", "0-2.panels", "0-3.panels.abcdef.part", "lock"):
        (folder / name).write_bytes(b"12345")
    assert models.prune().paths == ()
    make_old(folder)
    os.utime(folder / "0-2.panels")
    pruned = models.prune()
    assert {path.name for path in pruned.paths} == {"0-1.panels", "0-3.panels.abcdef.part"}
    assert pruned.freed_bytes == 10
    assert everything(folder) == {"0-2.panels", "lock"}
    assert models.prune(older_than_seconds=0).paths == (folder / "0-2.panels",)
