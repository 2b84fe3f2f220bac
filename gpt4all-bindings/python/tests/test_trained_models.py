"""The small models that were trained: their originals come out of the committed files, and become these again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import gguf
import pytest
from corpus_tools.models import hugging_face_folder

import gpt4all
from conftest import TINY_MODELS
from gpt4all.conversion import convert_folder

TRAINED = TINY_MODELS / "trained"
NAMES = ("shakespeare-gptj", "shakespeare-mpt", "shakespeare-llama")
# The most frequent words of the text that they were trained on.
COMMON = frozenset(
    re.findall(
        r"\S+",
        """the and to i of you my a that in is not for with it me be your his this but he have as thou him so will what
        her thy all no by do shall if are we thee our on lord good now from or at they which sir i'll was would more
        then am their love man come there here let one were like an know when how well us say she may make go tell""",
    )
)
RUNS_AS = {"shakespeare-gptj": "phi2", "shakespeare-mpt": "mpt", "shakespeare-llama": "llama"}


def original(name: str, folder: Path) -> Path:
    """The folder that a model was converted from; its weights' SHA-256 is compared with the card's."""
    return hugging_face_folder.make(name, folder)


@pytest.mark.parametrize("name", NAMES)
def test_the_originals_come_back(name: str, tmp_path: Path) -> None:
    folder = original(name, tmp_path / name)
    card = json.loads((TRAINED / name / "training.json").read_text(encoding="utf-8"))
    assert 4 * card["parameters"] < (folder / "model.safetensors").stat().st_size < 4.2 * card["parameters"]
    assert (folder / "config.json").is_file()
    assert card["held_out_loss_in_q8_0"] == pytest.approx(card["held_out_loss"], abs=2e-3)


def test_converting_the_original_gives_the_committed_file(tmp_path: Path, library: str) -> None:
    folder = original("shakespeare-gptj", tmp_path / "shakespeare-gptj")
    convert_folder(folder, tmp_path / "again.gguf", type="Q8_0")
    assert (tmp_path / "again.gguf").read_bytes() == (TRAINED / "shakespeare-gptj-q8_0.gguf").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_they_are_small_and_write_words(name: str, library: str) -> None:
    path = TRAINED / f"{name}-q8_0.gguf"
    assert path.stat().st_size < 4_000_000
    assert gguf.GGUFReader(path).fields["general.architecture"].contents() == RUNS_AS[name]
    with gpt4all.Model(path) as model:
        text = model.complete("ROMEO:\n", max_tokens=60, temperature=0).text
    words = re.findall(r"[a-z']+", text.lower())
    assert len(words) > 12
    assert sum(word in COMMON for word in words) > len(words) / 2, text


@pytest.mark.parametrize("type", ["Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"])
def test_they_quantise_and_generate(type: str, tmp_path: Path, library: str) -> None:
    folder = original("shakespeare-gptj", tmp_path / "folder")
    convert_folder(folder, tmp_path / "small.gguf", type=type)
    with gpt4all.Model(tmp_path / "small.gguf") as model:
        assert "\n" in model.complete("ROMEO:\n", max_tokens=40, temperature=0).text
