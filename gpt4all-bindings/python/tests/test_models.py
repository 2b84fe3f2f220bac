"""The catalogue, what names stand for, and files that are on this machine already. No network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest

from conftest import ROOT, TINY_MODELS, child_environment
from gpt4all import InvalidArgumentError, Model, ModelNotFoundError, inspect, models
from gpt4all.models._catalogue import parse_catalogue
from gpt4all.models._names import parse, safe_file_name
from models_helpers import cache

__all__ = ["cache"]

FOLDER = ROOT / "gpt4all-bindings" / "catalogue"
CATALOGUE: dict[str, Any] = json.loads((FOLDER / "catalogue.json").read_text(encoding="utf-8"))
SCHEMA: dict[str, Any] = json.loads((FOLDER / "catalogue.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def test_the_catalogue_is_valid() -> None:
    VALIDATOR.check_schema(SCHEMA)
    assert [error.message for error in VALIDATOR.iter_errors(CATALOGUE)] == []
    assert len(models.catalogue()) == len(CATALOGUE["models"]) >= 35


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": "1"},
        {"sha256": "ABC"},
        {"file": "../m.gguf"},
        {"sources": []},
        {"sources": [{"type": "https", "url": "http://example.org/m.gguf"}]},
        {"sources": [{"type": "https", "url": "https://me:secret@example.org/m.gguf"}]},
        {"sources": [{"type": "ftp", "url": "https://example.org/m.gguf"}]},
        {"sampling": {}},
        {"sampling": {"temperature": -1}},
        {"sampling": {"seed": 1}},
        {"sampling_source": "http://example.org"},
        {"unknown": 1},
    ],
)
def test_the_schema_refuses(change: dict[str, Any]) -> None:
    row = {**CATALOGUE["models"][0], **change}
    assert not VALIDATOR.is_valid({**CATALOGUE, "models": [row]})


def test_advice_needs_a_source() -> None:
    row = {key: value for key, value in CATALOGUE["models"][0].items() if key != "sampling_source"}
    assert "sampling" in row
    assert not VALIDATOR.is_valid({**CATALOGUE, "models": [row]})


def test_the_library_takes_the_advice(tiny_path: Path, tmp_path: Path) -> None:
    """Of every entry, for a file of its name; and a file's own advice goes before."""
    for entry in models.catalogue():
        told = inspect(_named(entry.file, tiny_path, tmp_path)).get("sampling", {})
        advised = {field: known["value"] for field, known in told.items() if known["source"] == "catalogue"}
        assert advised == dict(entry.sampling), entry.file
    own = inspect(_named("smollm2-360m-instruct-q8_0.gguf", TINY_MODELS / "tiny-llama-advice.gguf", tmp_path))
    assert own["sampling"]["temperature"] == {"value": 0, "source": "file"}
    assert own["sampling"]["top_p"] == {"value": 1, "source": "file"}
    path = _named("smollm2-1.7b-instruct-q4_k_m.gguf", tiny_path, tmp_path)
    assert inspect(path, catalogue_sampling={})["sampling"]["temperature"]["source"] == "default"
    with Model(path, sampling={"temperature": 0.4}, n_ctx=64, n_parallel=1) as model:
        sampling = model.info()["sampling"]
    assert sampling["temperature"] == {"value": 0.4, "source": "option"}
    assert sampling["top_p"] == {"value": 0.9, "source": "catalogue"}


def _named(name: str, source: Path, folder: Path) -> Path:
    path = folder / name
    path.unlink(missing_ok=True)
    path.symlink_to(source)
    return path


def test_every_name_is_one_models_alone() -> None:
    for entry in models.catalogue():
        for name in entry.names:
            for spelling in (name, name.upper(), name.lower().replace(" ", "-")):
                assert models.find(spelling) is entry, spelling


def test_every_model_can_be_checked() -> None:
    """By a hash, or by the hub, which tells it."""
    for entry in models.catalogue():
        assert entry.sha256 or entry.md5 or isinstance(entry.sources[0], models.HuggingFaceSource), entry.file


def test_the_templates_render_a_conversation() -> None:
    """And the answer is asked for right after the question."""
    messages = [
        {"role": "system", "content": "SYSTEM"},
        {"role": "user", "content": "FIRST"},
        {"role": "assistant", "content": "ANSWER"},
        {"role": "user", "content": "SECOND"},
    ]
    used = {entry.chat_template for entry in models.catalogue() if entry.chat_template}
    assert len(used) == len(CATALOGUE["chat_templates"])
    for template in used:
        text = jinja2.Template(template).render(
            messages=messages, bos_token="<s>", eos_token="</s>", add_generation_prompt=True
        )
        places = [text.index(word) for word in ("SYSTEM", "FIRST", "ANSWER", "SECOND")]
        assert places == sorted(places), text
        again = jinja2.Template(template).render(
            messages=[*messages, {"role": "assistant", "content": "END"}],
            bos_token="<s>", eos_token="</s>", add_generation_prompt=False,
        )  # fmt: skip
        assert again.startswith(text.rstrip()), (text, again)


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(models.CatalogueError, match="newer release"):
        parse_catalogue(json.dumps({**CATALOGUE, "version": 2}))
    with pytest.raises(models.CatalogueError, match="not a model catalogue"):
        parse_catalogue("[]")
    with pytest.raises(models.CatalogueError, match="entry 0"):
        parse_catalogue(json.dumps({"version": 1, "models": [{}]}))


@pytest.mark.parametrize(
    "name",
    ["SmolLM2-135M-Instruct-Q4_1.gguf", "SmolLM2-135M-Instruct-Q4_1", "SmolLM2 135M Instruct", "smollm2", " SMOLLM2 "],
)
def test_find(name: str) -> None:
    entry = models.find(name)
    assert entry is not None
    assert entry.file == models.DEFAULT_MODEL
    assert entry.size == 98_362_432


def test_the_defaults_are_in_the_catalogue() -> None:
    assert CATALOGUE["default"] == models.DEFAULT_MODEL
    assert CATALOGUE["default_embedding"] == models.DEFAULT_EMBEDDING_MODEL
    assert models.find(models.DEFAULT_MODEL)
    assert models.find(models.DEFAULT_EMBEDDING_MODEL)
    assert models.find("no such model") is None


def test_rows_of_the_old_catalogue() -> None:
    entry = models.find("mistral-7b-openorca.gguf2.Q4_0.gguf")
    assert entry is not None
    row = entry.legacy_row()
    assert row["filename"] == entry.file
    assert row["filesize"] == "4108928128"
    assert row["md5sum"] == "f692417a22405d80573ac10cb0cd6c6a"
    assert row["ramrequired"] == "8"
    assert row["promptTemplate"].startswith("<|im_start|>user\n%1")
    assert row["url"] == "https://gpt4all.io/models/gguf/mistral-7b-openorca.gguf2.Q4_0.gguf"


# ------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "...", "a/b", "a\\b", "a:b", "\0", "a\nb", " a", "a ", "a.", ".hidden", "nul", "CON.gguf",
     "x" * 201, "é" * 101, "\ud800", "a*b", 'a"b'],
)  # fmt: skip
def test_unsafe_names(name: str) -> None:
    with pytest.raises(models.InvalidNameError):
        safe_file_name(name)


@pytest.mark.parametrize("name", ["m.gguf", "モデル.gguf", "a b.gguf", "console.gguf", "x" * 200, "m..gguf"])
def test_safe_names(name: str) -> None:
    assert safe_file_name(name) == name


@pytest.mark.parametrize(
    ("text", "relative", "source"),
    [
        ("hf://o/r/m.gguf", "hf/o/r/m.gguf", "hf://o/r/m.gguf"),
        ("hf://o/r/Q4/m.gguf", "hf/o/r/Q4/m.gguf", "hf://o/r/Q4/m.gguf"),
        ("hf://o/r/m.gguf@v1", "hf/o/r@v1/m.gguf", "hf://o/r/m.gguf@v1"),
        ("hf://o/r@v1/m.gguf", "hf/o/r@v1/m.gguf", "hf://o/r/m.gguf@v1"),
        ("hf://o/r/m.gguf@refs/pr/1", "hf/o/r@refs_pr_1/m.gguf", "hf://o/r/m.gguf@refs/pr/1"),
        ("https://huggingface.co/o/r/resolve/main/a%20b.gguf?download=true", "hf/o/r/a b.gguf", "hf://o/r/a b.gguf"),
        ("https://huggingface.co/o/r/blob/v2/m.gguf", "hf/o/r@v2/m.gguf", "hf://o/r/m.gguf@v2"),
        ("hf://Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf", "Qwen3-4B-Q4_K_M.gguf", "hf://Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf"),
        ("qwen3 4b", "Qwen3-4B-Q4_K_M.gguf", "hf://Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf"),
    ],
)  # fmt: skip
def test_references(text: str, relative: str, source: str) -> None:
    reference = parse(text)
    assert reference is not None
    assert reference.relative.as_posix() == relative
    assert str(reference.sources[0]) == source


@pytest.mark.parametrize(
    "text",
    ["hf://", "hf://o", "hf://o/r", "hf://o/r/", "hf://o/r/../../x.gguf", "hf://../r/m.gguf", "hf://o/../m.gguf",
     "hf://o/r/a//b.gguf", "hf://o/r/m.gguf@", "hf://o/r/m.gguf@../x", "hf://o/r/.git", "hf://o/r/a\\b.gguf",
     "https://example.org/", "https://example.org/a/..", "https://example.org/%2e%2e", "https://example.org/a%2f..%2fb%5cc",
     "https:///m.gguf", "ftp://example.org/m.gguf", "file:///etc/passwd", "https://example.org/%00.gguf"],
)  # fmt: skip
def test_refused_references(text: str) -> None:
    with pytest.raises(models.InvalidNameError):
        parse(text)


def test_two_addresses_with_one_name_do_not_mix() -> None:
    one, other = parse("https://a.example/m.gguf"), parse("https://b.example/m.gguf")
    assert one is not None
    assert other is not None
    assert one.relative != other.relative
    assert one.relative.name == other.relative.name == "m.gguf"


def test_the_parts_of_a_split_model() -> None:
    reference = parse("hf://o/r/q/m-00002-of-00003.gguf")
    assert reference is not None
    assert [part.relative.as_posix() for part in reference.parts()] == [
        f"hf/o/r/q/m-0000{number}-of-00003.gguf" for number in (1, 2, 3)
    ]


# --------------------------------------------------------------------------------------------- on this machine


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF")
    return path


def test_a_path_stands_for_itself(cache: Path, tmp_path: Path) -> None:
    path = put(tmp_path / "here.gguf")
    assert models.resolve(path) == path
    assert models.resolve(str(path)) == path


@pytest.mark.parametrize("where", ["models", ".", "../home/.cache/gpt4all"])
def test_a_file_in_the_cache(cache: Path, where: str) -> None:
    path = put(cache / where / "mine.gguf").resolve()
    for name in ("mine.gguf", "mine"):
        assert models.resolve(name).resolve() == path


def test_a_name_of_the_catalogue_that_is_here(cache: Path) -> None:
    path = put(cache / "models" / models.DEFAULT_MODEL)
    assert models.resolve("smollm2", offline=True) == path


def test_the_folder_comes_first(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cache / "models" / "mine.gguf")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    put(tmp_path / "work" / "mine.gguf")
    path = put(tmp_path / "folder" / "mine.gguf")
    assert models.resolve("mine.gguf", folder=tmp_path / "folder") == path


def test_names_do_not_lead_out_of_the_cache(cache: Path) -> None:
    put(cache / "secret.gguf")
    (cache / "models" / "sub").mkdir(parents=True)
    with pytest.raises(ModelNotFoundError):
        models.resolve("../secret.gguf")


def test_a_folder_is_no_model(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"This is a folder: .* `gpt4all convert`"):
        models.resolve(tmp_path)


def test_nothing_found(cache: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="Did you mean") as caught:
        models.resolve("Qwen3 4")
    assert str(cache / "models" / "Qwen3 4") in caught.value.detail["tried"]
    with pytest.raises(ModelNotFoundError, match="may not be downloaded"):
        models.resolve("smollm2", allow_download=False)
    with pytest.raises(ModelNotFoundError):
        models.resolve("x" * 5000)
    with pytest.raises(InvalidArgumentError, match="NUL"):
        models.resolve("nul\0byte")


@pytest.mark.parametrize("variable", ["GPT4ALL_OFFLINE", "HF_HUB_OFFLINE", None])
@pytest.mark.parametrize("named", ["smollm2", "hf://o/r/m.gguf", "https://example.org/m.gguf", "SBert"])
def test_offline_touches_no_network(cache: Path, variable: str | None, named: str) -> None:
    """In a process where a socket cannot even be made."""
    code = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise SystemExit('a socket was made')\n"
        "socket.socket.__init__ = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from gpt4all import models\n"
        "try: models.resolve(sys.argv[1], offline=True if sys.argv[2] else None)\n"
        "except models.OfflineError as error: print(error)\n"
    )
    changes = {variable: "1"} if variable else {}
    done = subprocess.run(
        [sys.executable, "-c", code, named, "" if variable else "1"],
        capture_output=True, text=True, check=True, env=child_environment(**changes),
    )  # fmt: skip
    assert "downloads are switched off" in done.stdout


def test_a_switch_must_be_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT4ALL_OFFLINE", "perhaps")
    with pytest.raises(ValueError, match="GPT4ALL_OFFLINE"):
        models.Settings()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert "hf_secret" not in repr(models.Settings())


def test_finding_needs_no_package_for_downloads(cache: Path) -> None:
    path = put(cache / "models" / "mine.gguf")
    code = (
        "import sys; sys.modules['requests'] = sys.modules['filelock'] = None\n"
        "from gpt4all import models; print(models.resolve('mine'), len(models.list_cached()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=child_environment()
    )
    assert done.stdout.split() == [os.fspath(path), "1"]
