"""What mypy has found out goes from one clone to the next."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ci import mypy_cache


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPT4ALL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(mypy_cache, "IN_USE", tmp_path / "clone" / "mypy-cache")
    return tmp_path / "clone" / "mypy-cache"


def fill(folder: Path, text: str) -> None:
    (folder / "ci").mkdir(parents=True, exist_ok=True)
    (folder / "ci" / "cache.db").write_text(text)


def test_a_fresh_clone_begins_with_what_was_kept_last(clone: Path) -> None:
    for text in ("first", "last"):
        fill(clone, text)
        mypy_cache.keep()
    shutil.rmtree(clone)
    mypy_cache.begin()
    assert (clone / "ci" / "cache.db").read_text() == "last"


def test_a_clone_keeps_what_it_has(clone: Path) -> None:
    fill(clone, "other")
    mypy_cache.keep()
    fill(clone, "own")
    mypy_cache.begin()
    assert (clone / "ci" / "cache.db").read_text() == "own"


def test_without_anything_kept_it_begins_with_nothing(clone: Path) -> None:
    mypy_cache.begin()
    assert not clone.exists()


def test_a_copy_that_fails_leaves_what_was_kept(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, to: Path) -> None:
        to.mkdir()
        raise OSError(28, "No space left on device")

    fill(clone, "first")
    mypy_cache.keep()
    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match="No space"):
        mypy_cache.keep()
    monkeypatch.undo()
    kept = clone.parents[1] / "cache"
    assert (kept / "mypy" / "ci" / "cache.db").read_text() == "first"
    assert sorted(path.name for path in kept.iterdir()) == ["mypy", "mypy.lock"]
