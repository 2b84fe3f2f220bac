"""gpt4all embed, tokenize, quantize, bench, devices and doctor."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_helpers import Gpt4all, as_json, cache, gpt4all, put
from conftest import TINY_MODELS

__all__ = ["cache", "gpt4all"]

BERT = str(TINY_MODELS / "tiny-bert.gguf")


def test_embed(gpt4all: Gpt4all, library: str) -> None:
    lines = gpt4all("embed", "-m", BERT, text="a cat\na dog\n").stdout.splitlines()
    vectors = [[float(number) for number in line.split()] for line in lines]
    known = as_json(gpt4all("embed", "--json", "-m", BERT, "a cat", "a dog"))
    assert set(known) == {"model", "dimension", "n_prompt_tokens", "embeddings"}
    assert len(vectors) == 2
    for vector, same in zip(vectors, known["embeddings"], strict=True):
        assert vector == pytest.approx(same, abs=1e-6)
        assert sum(number * number for number in vector) == pytest.approx(1, abs=1e-4)
    assert gpt4all("embed", "-m", BERT).returncode == 1


def test_tokenize(gpt4all: Gpt4all, tiny_path: Path) -> None:
    arguments = ["tokenize", "-m", str(tiny_path)]
    known = as_json(gpt4all(*arguments, "--json", "hello wörld"))
    assert known["count"] == len(known["tokens"]) == len(known["pieces"]) > 2
    assert gpt4all(*arguments, "--count", text="hello wörld").stdout == f"{known['count']}\n"
    ids = [int(line.split()[0]) for line in gpt4all(*arguments, "hello wörld").stdout.splitlines()]
    assert ids == known["tokens"]


def test_quantize(gpt4all: Gpt4all, tiny_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.gguf"
    known = as_json(gpt4all("quantize", "--json", str(tiny_path), str(out), "Q8_0"))
    assert known["type"] == "Q8_0"
    assert known["path"] == str(out)
    assert known["output_bytes"] == out.stat().st_size < tiny_path.stat().st_size
    before = out.read_bytes()
    refused = gpt4all("quantize", str(tiny_path), str(out), "F16")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert out.read_bytes() == before
    assert gpt4all("quantize", "--force", str(tiny_path), str(out), "F16").returncode == 0
    assert out.read_bytes() != before
    assert "type" in gpt4all("quantize", str(tiny_path), str(tmp_path / "no.gguf"), "Q9").stderr


def test_quantize_reports_what_it_costs(gpt4all: Gpt4all, tiny_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.gguf"
    done = gpt4all("quantize", "--report", "--chunks", "1", "--json", str(tiny_path), str(out), "Q8_0")
    told = as_json(done)
    assert told["type"] == "Q8_0"
    assert told["models"][0]["divergence"]["kl_divergence"] > 0
    assert told["original"]["perplexity"] > 1


def test_quantize_sweeps(gpt4all: Gpt4all, tiny_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    done = gpt4all("quantize", "--sweep", "--types", "Q8_0,Q4_0", "--chunks", "1", str(tiny_path), str(folder))
    assert done.returncode == 0, done.stderr
    assert "take Q8_0" in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["sweep.json", "sweep.md", "sweep.svg"]
    table = (folder / "sweep.md").read_text(encoding="utf-8")
    assert "| Q8_0 |" in table
    assert "| Q4_0 |" in table
    assert "<svg" in (folder / "sweep.svg").read_text(encoding="utf-8")
    assert gpt4all("quantize", "--sweep", str(tiny_path), str(folder), "Q4_0").returncode == 2
    assert gpt4all("quantize", str(tiny_path), str(folder / "x.gguf")).returncode == 2


def test_bench(gpt4all: Gpt4all, tiny_path: Path) -> None:
    arguments = ["bench", "-m", str(tiny_path), "-p", "16", "-n", "4", "-r", "2"]
    known = as_json(gpt4all(*arguments, "--json"))
    assert [each["test"] for each in known["results"]] == ["pp16", "tg4"]
    assert all(each["tokens_per_second"] > 0 and len(each["all"]) == 2 for each in known["results"])
    table = gpt4all(*arguments).stdout
    assert "pp16" in table
    assert "tg4" in table


def test_devices(gpt4all: Gpt4all) -> None:
    known = as_json(gpt4all("devices", "--json"))["devices"]
    names = [line.split()[0] for line in gpt4all("devices").stdout.splitlines()[1:]]
    assert names == [each["name"] for each in known]


def test_doctor(gpt4all: Gpt4all, cache: Path, tiny_path: Path) -> None:
    put(cache, "small.gguf", tiny_path)
    known = as_json(gpt4all("doctor", "--json", "-m", "small", HTTPS_PROXY="http://me:secret@proxy:1"))
    assert known["ok"]
    states = {each["check"]: each["state"] for each in known["findings"]}
    assert states["library"] == states["model"] == "ok"
    assert not any("secret" in each["message"] for each in known["findings"])
    assert "proxy:1" in str(known)
    text = gpt4all("doctor")
    assert text.returncode == 0
    assert "downloads are switched off" in text.stdout


def test_doctor_of_what_is_broken(gpt4all: Gpt4all, tmp_path: Path) -> None:
    for arguments, environment, part in (
        ([], {"GPT4ALL_LIBRARY": str(tmp_path / "missing.so")}, "missing.so"),
        (["-m", str(tmp_path / "missing.gguf")], {}, "missing.gguf"),
        (["-m", __file__], {}, Path(__file__).name),
    ):
        done = gpt4all("doctor", *arguments, **environment)
        assert done.returncode == 1
        assert any(line.startswith("broken ") and part in line for line in done.stdout.splitlines())
        assert "ok       package" in done.stdout
