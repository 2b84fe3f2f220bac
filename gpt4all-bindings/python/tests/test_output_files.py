"""Files that are written: links are followed, and what is not a regular file is left alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_tools.legacy.blocks import TensorType
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.variants import model_for, variant

import gpt4all
from gpt4all import Model, Session


@pytest.fixture
def old_model(tmp_path: Path, library: str) -> Path:
    """A model file of 2023."""
    kind = variant("llama-ggml")
    return kind.write(tmp_path / "old.bin", model_for(kind, TensorType.F16), Types(TensorType.F16))[0]


WRITERS: dict[str, Callable[[Model, Path, Path], Any]] = {
    "quantize": lambda model, _, out: gpt4all.quantize(model.path, out, type="Q8_0"),
    "imatrix": lambda model, _, out: gpt4all.imatrix(model.path, out, text="the cat " * 600),
    "convert": lambda _, old, out: gpt4all.convert(old, out),
    "save_state": lambda model, _, out: model.save_state(out),
    "Session.save": lambda model, _, out: Session(model).save(out),
}


@pytest.mark.parametrize("name", WRITERS)
def test_links_are_followed_and_pipes_and_folders_left_alone(
    name: str, tiny: Model, old_model: Path, tmp_path: Path
) -> None:
    write = WRITERS[name]
    tiny.complete("hello", max_tokens=1)
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    for _ in range(2):  # where there is none yet, and where there is one
        write(tiny, old_model, link)
        assert link.is_symlink()
        assert target.is_file()
        assert not target.is_symlink()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    folder = tmp_path / "folder"
    folder.mkdir()
    to_pipe = tmp_path / "to-pipe"
    to_pipe.symlink_to(pipe)
    before = sorted(tmp_path.iterdir())
    for out in (pipe, to_pipe, folder):
        with pytest.raises(gpt4all.InvalidArgumentError) as caught:
            write(tiny, old_model, out)
        assert out.name in str(caught.value) or pipe.name in str(caught.value)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(tmp_path.iterdir()) == before
