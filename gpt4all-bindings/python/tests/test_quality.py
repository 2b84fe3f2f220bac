"""What quantising costs: quality, size and speed of models beside the one that they were made from."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

import gpt4all
from conftest import TINY_MODELS, RunPython
from gpt4all import quality
from gpt4all.quality import Divergence, Quality
from gpt4all.quality._compare import DEFAULT_TEXT

pytestmark = pytest.mark.usefixtures("library")


def test_a_model_is_no_way_from_itself(tiny_path: Path) -> None:
    found = quality.compare(tiny_path, [tiny_path], chunks=1)
    (itself,) = found.models
    assert itself.divergence is not None
    assert abs(itself.divergence.kl_divergence) < 1e-6
    assert itself.divergence.top_agreement == 1
    assert itself.perplexity == pytest.approx(found.original.perplexity, rel=1e-6)
    assert found.tokens == 256
    assert found.original.divergence is None


def test_perplexity_is_that_of_the_latter_halves(tiny_path: Path) -> None:
    with gpt4all.Model(tiny_path, n_ctx=1024) as model:
        tokens = model.tokenize(DEFAULT_TEXT.read_text(encoding="utf-8"))
        start = model.tokenize("", add_special=True)
        losses = []
        for begin in (0, 512):
            chunk = tokens[begin : begin + 512]
            score = model.score([*start, *chunk[len(start) : 256]], [chunk[256:]])[0]
            losses.append(-score.logprob / 256)
    found = quality.compare(tiny_path, [], chunks=2)
    assert found.original.perplexity == pytest.approx(math.exp(sum(losses) / 2), rel=1e-3)


def test_fewer_bits_are_farther_from_the_original(tiny_path: Path, tmp_path: Path) -> None:
    done: list[tuple[str, float]] = []
    found = quality.sweep(
        tiny_path, tmp_path, ["Q8_0", "Q4_0"], chunks=1, report=lambda what, fraction: done.append((what, fraction))
    )
    eight, four = found.models
    assert (eight.quantization, four.quantization) == ("Q8_0", "Q4_0")
    assert eight.size > four.size
    assert eight.bits_per_weight > four.bits_per_weight
    assert eight.divergence is not None
    assert four.divergence is not None
    assert 0 < eight.divergence.kl_divergence < four.divergence.kl_divergence
    assert eight.divergence.top_agreement > four.divergence.top_agreement
    assert eight.read_per_second > 0
    assert eight.write_per_second > 0
    assert ("writing Q4_0", 1.0) in done
    assert not list(tmp_path.iterdir())


def test_files_of_a_sweep_are_kept_if_asked_and_never_written_over(tiny_path: Path, tmp_path: Path) -> None:
    quality.sweep(tiny_path, tmp_path, ["Q8_0"], keep=True, chunks=1)
    (kept,) = tmp_path.iterdir()
    assert gpt4all.inspect(kept)["quantization"] == "Q8_0"
    with pytest.raises(gpt4all.InvalidArgumentError, match="already"):
        quality.sweep(tiny_path, tmp_path, ["Q4_0", "Q8_0"], chunks=1)
    assert list(tmp_path.iterdir()) == [kept]


def test_what_cannot_be_compared_is_refused(tiny_path: Path) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError, match="512"):
        quality.compare(tiny_path, [], text="too short")
    with pytest.raises(gpt4all.LLModelError):
        quality.compare(tiny_path, [TINY_MODELS / "tiny-bert.gguf"], chunks=1)


def some(name: str, *, memory: int, agreement: float, writes: float) -> Quality:
    far = Divergence(0.01, 0.001, agreement)
    return Quality(Path(name), name, memory, 4.0, 10.0, 0.1, 100.0, writes, memory, far)


def test_the_fastest_of_the_good_that_fit_is_recommended() -> None:
    large = some("large", memory=900, agreement=0.99, writes=50)
    good = some("good", memory=500, agreement=0.97, writes=20)
    slow = some("slow", memory=600, agreement=0.98, writes=10)
    poor = some("poor", memory=100, agreement=0.7, writes=90)
    assert quality.recommend([large, good, slow, poor], 1000) == good  # four fifths may be taken
    assert quality.recommend([large, good, slow, poor], 2000) == large
    assert quality.recommend([large, poor], 1000) == poor
    assert quality.recommend([poor, replace(poor, divergence=Divergence(0, 0, 0.8))], 1000) is not poor
    assert quality.recommend([large], 100) is None


def test_without_its_packages_it_says_what_to_install(tiny_path: Path, run_python: RunPython) -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "import gpt4all; from gpt4all import quality\n"
        f"try: quality.compare({str(tiny_path)!r}, [])\n"
        "except gpt4all.UnsupportedError as error: print(error)"
    )
    assert "gpt4all[quality]" in run_python(code).stdout
