"""gpt4all list, show, pull, verify, rm and prune."""

from __future__ import annotations

import hashlib
from pathlib import Path

from corpus_tools.legacy.blocks import Layout, TensorType
from corpus_tools.legacy.gptj_files import write_gptj
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.tiny_models import tiny_gptj
from misbehaving_server import MisbehavingServer, content_of

from cli_helpers import Gpt4all, as_json, cache, gpt4all, put
from conftest import TINY_MODELS

__all__ = ["cache", "gpt4all"]

ROW = {
    "file", "name", "aliases", "cached", "path", "size", "kind", "architecture", "parameters", "quantization",
    "context_length", "ram_gb", "sampling", "license", "description", "sha256", "sources",
}  # fmt: skip


def test_list(gpt4all: Gpt4all, cache: Path, tiny_path: Path) -> None:
    path = put(cache, "small.gguf", tiny_path)
    rows = as_json(gpt4all("list", "--json"))
    assert all(set(row) == ROW for row in rows)
    assert len(rows) > 35
    assert [row["path"] for row in rows if row["cached"]] == [str(path)]
    assert [row["file"] for row in as_json(gpt4all("list", "--cached", "--json"))] == ["small.gguf"]
    assert {row["kind"] for row in as_json(gpt4all("list", "--kind", "embedding", "--json"))} == {"embedding"}
    table = gpt4all("list", "SmolLM2").stdout.splitlines()
    assert table[0].split()[:2] == ["MODEL", "SIZE"]
    assert any(line.startswith("SmolLM2-135M-Instruct-Q4_1.gguf ") for line in table[1:])
    assert not any(line.endswith(" ") for line in table)


def test_an_empty_list_says_what_to_do(gpt4all: Gpt4all) -> None:
    done = gpt4all("list", "--cached")
    assert (done.returncode, done.stdout) == (0, "")
    assert "gpt4all pull" in done.stderr


def test_show(gpt4all: Gpt4all, cache: Path, tiny_path: Path) -> None:
    put(cache, "small.gguf", tiny_path)
    for name in ("small", "small.gguf", str(tiny_path)):
        assert as_json(gpt4all("show", name, "--json"))["architecture"] == "llama"
    fields = dict(line.split(None, 1) for line in gpt4all("show", "small").stdout.splitlines())
    assert fields["architecture"] == "llama"
    assert fields["type"].startswith("F32")
    small, large = (as_json(gpt4all("show", "small", "--json", "--n-ctx", n))["memory"] for n in ("256", "2048"))
    assert small["n_ctx"] == 256 < large["n_ctx"]
    assert "tokenizer.ggml.model" in gpt4all("show", "small", "--metadata").stdout
    assert "messages" in gpt4all("show", "small", "--template").stdout
    assert gpt4all("show", str(TINY_MODELS / "tiny-bert.gguf"), "--template").returncode == 1


def test_show_tells_how_a_model_of_2023_runs(gpt4all: Gpt4all, cache: Path, tmp_path: Path) -> None:
    old = tmp_path / "ggml-gpt-j.bin"
    write_gptj(old, tiny_gptj(), Layout.A, Types(TensorType.Q4_0))
    before = dict(line.split(None, 1) for line in gpt4all("show", str(old)).stdout.splitlines())
    assert before["architecture"] == "gptj, runs as phi2"
    assert before["translation"].startswith("from ggml to GGUF, ")
    assert before["translation"].endswith(": made when the model is opened")
    assert gpt4all("run", "-m", str(old), "--max-tokens", "1", "hello").returncode == 0
    after = dict(line.split(None, 1) for line in gpt4all("show", str(old)).stdout.splitlines())
    (translation,) = (cache / "translated").glob("*.gguf")
    assert after["translation"].endswith(f": {translation}")


def test_show_of_a_model_that_is_not_here(gpt4all: Gpt4all) -> None:
    done = gpt4all("show", "smollm2")
    assert "SmolLM2" in done.stdout
    assert "gpt4all pull" in done.stderr
    assert as_json(gpt4all("show", "smollm2", "--json"))["cached"] is False


def test_show_says_how_answers_are_sampled_and_why(gpt4all: Gpt4all, cache: Path, tiny_path: Path) -> None:
    advises = "temperature 0.2, top_p 0.9: says the catalogue"
    assert f"sampling      {advises}\n" in gpt4all("show", "smollm2").stdout
    assert as_json(gpt4all("show", "smollm2", "--json"))["sampling"] == {"temperature": 0.2, "top_p": 0.9}

    put(cache, "SmolLM2-135M-Instruct-Q4_1.gguf", tiny_path)
    lines = gpt4all("show", "smollm2").stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("sampling "))
    assert lines[place].endswith(f"  {advises}")
    assert lines[place + 1].strip() == "top_k 40, min_p 0.05: by default"
    shown = as_json(gpt4all("show", "smollm2", "--json"))["sampling"]
    assert shown["top_p"] == {"value": 0.9, "source": "catalogue"}

    of_file = gpt4all("show", str(TINY_MODELS / "tiny-llama-advice.gguf")).stdout
    assert "  temperature 0, top_k 5, top_p 1, min_p 0, samplers " in of_file
    assert "temperature: says the model's file\n" in of_file
    assert "\nsampling" not in gpt4all("show", str(TINY_MODELS / "tiny-bert.gguf")).stdout


def test_pull_verify_rm(gpt4all: Gpt4all) -> None:
    content = content_of("f", 200_000)
    digest = hashlib.sha256(content).hexdigest()
    with MisbehavingServer() as server:
        address = server.file("f", len(content))
        refused = gpt4all("pull", address)
        assert refused.returncode == 1
        assert "GPT4ALL_OFFLINE" in refused.stderr
        wrong = gpt4all("pull", "--sha256", "0" * 64, address, GPT4ALL_OFFLINE="0")
        assert wrong.returncode == 1
        done = gpt4all("pull", "--sha256", digest, address, GPT4ALL_OFFLINE="0")
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.strip())
    assert path.read_bytes() == content
    assert "downloading" in done.stderr
    assert gpt4all("verify").stdout == f"ok        {path}\n"

    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    damaged = gpt4all("verify", "--json")
    assert damaged.returncode == 1
    assert '"ok": false' in damaged.stdout
    assert gpt4all("rm", str(path)).stdout == f"removed {path}\n"
    assert not path.exists()
    again = gpt4all("rm", str(path))
    assert again.returncode == 1
    assert str(path) in again.stderr


def test_rm_leaves_files_outside_of_the_cache(gpt4all: Gpt4all, tiny_path: Path) -> None:
    assert gpt4all("rm", str(tiny_path)).returncode == 1
    assert tiny_path.exists()


def test_prune(gpt4all: Gpt4all, cache: Path) -> None:
    left = cache / "models" / ".gpt4all" / "gone.gguf.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"12345")
    assert as_json(gpt4all("prune", "--json")) == {"removed": [], "freed_bytes": 0}
    assert as_json(gpt4all("prune", "--days", "0", "--json")) == {"removed": [str(left)], "freed_bytes": 5}
