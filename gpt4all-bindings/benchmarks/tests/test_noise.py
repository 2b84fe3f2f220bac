"""Models of noise are made once, each under its name only when it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gpt4all
import noise
import pytest
from gguf import GGUFReader
from small_noise import shrink


def test_files_of_each_type_are_made_and_their_source_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    made = noise.ensure(tmp_path, ["Q8_0", "MXFP4"])
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        ".lock", "noise-0.8b-MXFP4.gguf", "noise-0.8b-Q8_0.gguf",
    ]  # fmt: skip
    types = {name: {tensor.tensor_type.name for tensor in GGUFReader(path).tensors} for name, path in made.items()}
    assert types == {"Q8_0": {"F32", "Q8_0"}, "MXFP4": {"F32", "MXFP4"}}


def test_what_is_there_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    first = noise.ensure(tmp_path, ["Q8_0"])["Q8_0"]
    made = first.stat().st_mtime_ns
    noise.ensure(tmp_path, ["Q8_0", "Q4_0"])
    assert first.stat().st_mtime_ns == made


def test_what_was_made_before_a_failure_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)

    def fail(source: Path, path: Path, **options: Any) -> None:
        if options["type"] == "Q4_0":
            raise KeyboardInterrupt
        gpt4all.quantize(source, path, **options)

    monkeypatch.setattr(noise, "quantize", fail)
    with pytest.raises(KeyboardInterrupt):
        noise.ensure(tmp_path, ["Q8_0", "Q4_0", "Q4_1"])
    assert noise.path_of(tmp_path, "Q8_0").is_file()
    assert not noise.path_of(tmp_path, "Q4_0").exists()
    monkeypatch.setattr(noise, "quantize", gpt4all.quantize)
    noise.ensure(tmp_path, ["Q8_0", "Q4_0", "Q4_1"])
    assert not noise.path_of(tmp_path, noise.SOURCE).exists()


def test_a_disk_without_room_is_told_of_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**9))
    with pytest.raises(noise.NoRoom, match=r"has 1\.0 GB free, and models need 2\.2 GB: choose --types"):
        noise.ensure(tmp_path, ["Q4_0"])
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_all_types_take_as_much_as_the_documentation_says(tmp_path: Path) -> None:
    assert 5.5e9 < noise.room(tmp_path, list(noise.TYPES)) - noise.BITS[noise.SOURCE] / 8 * noise.PARAMETERS < 6.5e9
