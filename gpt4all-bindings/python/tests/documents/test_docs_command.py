"""gpt4all docs, most of it in processes of its own, with the tiny models: what they make of texts has no meaning."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODELS, RunPython
from gpt4all._cli import main
from gpt4all.documents import Documents

from . import making
from .faking import FakeEmbedder
from .making import TEXT

EMBED = str(TINY_MODELS / "tiny-bert.gguf")
RERANK = str(TINY_MODELS / "tiny-bert-rerank.gguf")
Docs = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "house.txt").write_text(TEXT)
    making.pdf(folder / "garden.pdf", [["The garden is large."]])
    making.pdf(folder / "scan.pdf", [[]], picture=True)
    return folder


@pytest.fixture
def docs(run_python: RunPython, tmp_path: Path, library: str) -> Docs:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"GPT4ALL_DATA": str(tmp_path / "data"), "HOME": str(tmp_path), "GPT4ALL_OFFLINE": "1"}
        return run_python("docs", *arguments, module="gpt4all", GPT4ALL_LIBRARY=library, **environment)

    return run


@pytest.fixture
def docs_here(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Docs:
    """The same in the process of the tests, for many commands: most of the time, one of its own is starting."""
    for name, value in {"GPT4ALL_DATA": str(tmp_path / "data"), "HOME": str(tmp_path), "GPT4ALL_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = main(["docs", *arguments])
        told = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, told.out, told.err)

    return run


def good(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(good(done))


def test_from_a_folder_to_an_answer(docs: Docs, notes: Path, tmp_path: Path) -> None:
    done = docs("add", "notes", str(notes), "--embed-model", EMBED)
    assert good(done) == ""
    assert "read 2 files; 1 cannot be read; embedded 2 chunks" in done.stderr
    listed = as_json(docs("list", "--json"))
    assert [(each["name"], each["states"], each["embedded"]) for each in listed] == [
        ("notes", {"ready": 2, "unreadable": 1}, 2)
    ]
    assert (listed[0]["indexing"]["state"], listed[0]["indexing"]["files_done"]) == ("idle", 3)
    assert " idle" in good(docs("list"))
    files = good(docs("list", "notes"))
    assert f"{notes / 'scan.pdf'}" in files
    assert "scanned" in files
    assert "ocrmypdf" in files
    (only,) = as_json(docs("list", "notes", "--state", "unreadable", "--json"))
    assert only["reason"] == "scanned"

    found = good(docs("search", "rent due fifth month", "--embed-model", EMBED))
    assert f"[1] {notes / 'house.txt'}\n    {TEXT}\n" in found
    result = as_json(docs("search", "garden", "-c", "notes", "--limit", "1", "--json", "--embed-model", EMBED))
    (passage,) = result["passages"]
    assert (passage["path"], passage["pages"]) == (str(notes / "garden.pdf"), [1, 1])
    assert passage["scores"]["words"] == 1

    model = str(TINY_MODELS / "tiny-llama-f32.gguf")
    options = ("-m", model, "--embed-model", EMBED, "--max-tokens", "4", "--budget", "20")
    answer = as_json(docs("ask", "rent due fifth month", *options, "--json"))
    assert answer["answered"]
    assert answer["found"]["files"] == 2
    assert "searched 2 chunks of 2 files" in docs("ask", "rent due fifth month", *options).stderr

    status = as_json(docs("status", "--json"))
    assert status["folder"] == str(tmp_path / "data" / "documents")
    assert (status["collections"], status["chunks"], status["embedded"]) == (1, 2, 2)
    assert "1 unreadable" in good(docs("status"))

    (notes / "new.txt").write_text("A walrus arrived.")
    assert "read 1 files; 0 cannot be read" in docs("index", "--embed-model", EMBED).stderr
    assert str(notes / "new.txt") in good(docs("search", "walrus", "--embed-model", EMBED))
    good(docs("rename", "notes", "House & garden"))
    assert [each["name"] for each in as_json(docs("list", "--json"))] == ["House & garden"]
    assert str(notes / "new.txt") in good(docs("search", "-c", "House & garden", "walrus", "--embed-model", EMBED))
    good(docs("remove", "House & garden"))
    assert as_json(docs("list", "--json")) == []
    assert (notes / "house.txt").exists()


def test_a_reranker_orders_what_is_found(docs_here: Docs, notes: Path) -> None:
    good(docs_here("add", "notes", str(notes), "--embed-model", EMBED))
    options = ("--embed-model", EMBED, "--rerank-model", RERANK, "--rerank-ms", "60000")
    result = as_json(docs_here("search", "garden", *options, "--json"))
    assert (result["reranking"]["candidates"], result["reranking"]["done"]) == (2, 2)
    scores = [each["scores"]["rerank"] for each in result["passages"]]
    assert scores == sorted(scores, reverse=True)
    assert as_json(docs_here("search", "garden", "--embed-model", EMBED, "--json"))["reranking"] is None

    done = docs_here("search", "garden", *options, "--explain")
    lines = [line for line in good(done).splitlines() if "fused" in line]
    assert len(lines) == 2
    assert all(f", rerank {score:.4g}" in line for line, score in zip(lines, scores, strict=True))
    assert "reranked" not in done.stderr
    assert "fused" not in good(docs_here("search", "garden", "--embed-model", EMBED))

    model = str(TINY_MODELS / "tiny-llama-f32.gguf")
    (notes / "long.txt").write_text("The rent is high. " * 2000)
    good(docs_here("index", "--embed-model", EMBED))
    answer = as_json(docs_here("ask", "rent", "-m", model, "--max-tokens", "4", "--budget", "20", *options, "--json"))
    assert answer["found"]["reranking"]["done"] == answer["found"]["reranking"]["candidates"] > 2


def test_errors_are_lines(docs_here: Docs, notes: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (("search", "x", "--embed-model", EMBED), "there are no documents in"),
        (("add", "notes", str(notes / "none"), "--embed-model", EMBED), "is not a folder"),
        (("rename", "none", "x"), "there is no collection 'none'; there is none yet"),
        (("remove", "none"), "there is no collection 'none'; there is none yet"),
        (("add", "a", str(notes), "--embed-model", RERANK), "does not make embeddings"),
        (("search", "x", "--embed-model", EMBED, "--rerank-model", EMBED), "cannot rerank"),
    ):
        done = docs_here(*arguments)
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert done.stderr.startswith("error: ")
        assert words in done.stderr


def test_beside_a_process_that_has_it_open(docs: Docs, notes: Path, tmp_path: Path) -> None:
    with Documents(tmp_path / "data" / "documents", embedder=FakeEmbedder()) as documents:
        documents.add("notes", notes)
        documents.index()
        done = docs("index", "--embed-model", EMBED)
        assert done.returncode == 1
        assert "another process has the documents" in done.stderr
        assert "notes" in good(docs("list"))
        done = docs("search", "rent", "--embed-model", EMBED)
        assert done.returncode == 1
        assert "was embedded by fake" in done.stderr
