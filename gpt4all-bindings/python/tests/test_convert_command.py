"""gpt4all convert: its options, and that it never leaves or overwrites what it should not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from corpus_tools.legacy.blocks import Layout, TensorType
from corpus_tools.legacy.gptj_files import write_gptj
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.tiny_models import tiny_gptj

import gpt4all as package
import hugging_face_folders as hf
from cli_helpers import Gpt4all, as_json, cache, gpt4all
from gpt4all.conversion import convert_folder

__all__ = ["cache", "gpt4all"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return hf.write_gptj(tmp_path / "gpt-j")


def test_a_folder_becomes_a_file(gpt4all: Gpt4all, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gguf"
    known = as_json(gpt4all("convert", "--json", "--type", "q8_0", "--name", "A name", str(folder), str(out)))
    assert known["path"] == str(out)
    assert (known["type"], known["output_bytes"]) == ("Q8_0", out.stat().st_size)
    told = gpt4all("convert", "--force", str(folder), str(out))
    assert told.returncode == 0
    assert told.stdout.startswith(f"{out}: GPTJForCausalLM, F16, ")
    assert told.stderr == ""
    answer = gpt4all("run", "-m", str(out), "--max-tokens", "3", "--json", "hello")
    assert answer.returncode == 0, answer.stderr


def test_a_file_that_is_there_is_kept(gpt4all: Gpt4all, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gguf"
    out.write_bytes(b"precious")
    refused = gpt4all("convert", str(folder), str(out))
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert out.read_bytes() == b"precious"
    (folder / "model.safetensors").unlink()
    assert gpt4all("convert", "--force", str(folder), str(out)).returncode == 1
    assert out.read_bytes() == b"precious"


def test_wrong_arguments(folder: Path, tmp_path: Path, library: str) -> None:
    with pytest.raises(package.InvalidArgumentError, match="Q9"):
        convert_folder(folder, tmp_path / "out.gguf", type="Q9")
    with pytest.raises(package.InvalidArgumentError, match="is a folder"):
        convert_folder(folder, tmp_path)
    with pytest.raises(package.LLModelIOError, match="no folder"):
        convert_folder(folder, tmp_path / "nowhere" / "out.gguf")
    with pytest.raises(package.CancellationError):
        convert_folder(folder, tmp_path / "out.gguf", progress=lambda fraction: fraction < 0.5)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_full_disk_is_told_before(
    folder: Path, tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    for type in ("F16", "Q8_0"):
        with pytest.raises(package.LLModelIOError, match="free") as caught:
            convert_folder(folder, tmp_path / "out.gguf", type=type)
        assert caught.value.detail["free_bytes"] == 1000


def test_a_model_file_of_2023(gpt4all: Gpt4all, tmp_path: Path) -> None:
    old, out = tmp_path / "ggml-gpt-j.bin", tmp_path / "new.gguf"
    write_gptj(old, tiny_gptj(), Layout.A, Types(TensorType.Q4_0))
    known = as_json(gpt4all("convert", "--json", "--name", "A name", str(old), str(out)))
    assert (known["architecture"], known["runs_as"], known["quantization"]) == ("gptj", "phi2", "Q4_0")
    assert known["output_bytes"] == out.stat().st_size
    assert as_json(gpt4all("show", "--json", str(out)))["name"] == "A name"
    assert "--force" in gpt4all("convert", str(old), str(out)).stderr
    told = gpt4all("convert", "--force", str(old), str(out))
    assert told.stdout.startswith(f"{out}: gptj, Q4_0, ")
    refused = gpt4all("convert", "--force", "--type", "F16", str(old), str(out))
    assert refused.returncode == 1
    assert "gpt4all quantize" in refused.stderr


def test_what_is_neither_a_folder_nor_a_model_file(gpt4all: Gpt4all, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for name in ("notes.txt", "nowhere"):
        refused = gpt4all("convert", str(tmp_path / name), str(tmp_path / "out.gguf"))
        assert refused.returncode == 1
        assert name in refused.stderr
    assert not (tmp_path / "out.gguf").exists()
