"""list_models(), retrieve_model() and download_model()."""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests
from misbehaving_server import MisbehavingServer, content_of

import gpt4all
from gpt4all import GPT4All, models
from models_helpers import SIZE, cache, server, sha256_of

__all__ = ["cache", "server"]

module = importlib.import_module("gpt4all.gpt4all")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """The default folder, as programs set it."""
    default = tmp_path / "default"
    monkeypatch.setattr(module, "DEFAULT_MODEL_DIRECTORY", default)
    return default


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)


def test_list_models_has_rows_of_text(no_network: None) -> None:
    rows = GPT4All.list_models()
    assert len(rows) >= 35
    for row in rows:
        assert row["filename"].endswith((".gguf", ".bin"))
        assert int(row["filesize"]) > 0
        assert isinstance(row["filesize"], str)
        assert {"name", "ramrequired", "parameters", "quant", "type", "description"} <= row.keys()


def test_a_file_that_is_there_needs_no_network(folder: Path, no_network: None) -> None:
    folder.mkdir()
    (folder / "SmolLM2-135M-Instruct-Q4_1.gguf").write_bytes(b"x")
    for name in ("SmolLM2-135M-Instruct-Q4_1.gguf", "SmolLM2-135M-Instruct-Q4_1"):
        config = GPT4All.retrieve_model(name)
        assert config["path"] == str(folder / "SmolLM2-135M-Instruct-Q4_1.gguf")
        assert config["name"] == "SmolLM2 135M Instruct"
    (folder / "my-own.gguf").write_bytes(b"x")
    own = GPT4All.retrieve_model("my-own")
    assert own["path"] == str(folder / "my-own.gguf")
    assert own["promptTemplate"].format("x", "y").startswith("### Human:\nx")


def test_rows_tell_of_the_file_that_the_first_source_gives() -> None:
    corpus = json.loads((Path(__file__).parents[2] / "corpus" / "models.json").read_text(encoding="utf-8"))["models"]
    rows = {row["filename"]: row for row in GPT4All.list_models()}
    for name in ("minilm", "smollm2"):
        made, row = corpus[name], rows[corpus[name]["file"]]
        assert (row["filesize"], row["sha256sum"]) == (str(made["size"]), made["sha256"])
        assert "md5sum" not in row


def test_the_default_folder_is_read_at_call_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, no_network: None
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.gguf").write_bytes(b"x")
        monkeypatch.setattr(module, "DEFAULT_MODEL_DIRECTORY", tmp_path / name)
        assert GPT4All.retrieve_model("m")["path"] == str(tmp_path / name / "m.gguf")


def test_downloads_of_this_release_are_found_too(folder: Path, cache: Path, no_network: None) -> None:
    (cache / "models").mkdir(parents=True)
    (cache / "models" / "m.gguf").write_bytes(b"x")
    assert GPT4All.retrieve_model("m.gguf", allow_download=False)["path"] == str(cache / "models" / "m.gguf")


def test_a_folder_that_is_named_is_the_only_one(folder: Path, tmp_path: Path, no_network: None) -> None:
    folder.mkdir()
    (folder / "m.gguf").write_bytes(b"x")
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileNotFoundError, match="there is no model"):
        GPT4All.retrieve_model("m", model_path=tmp_path / "mine", allow_download=False)
    with pytest.raises(FileNotFoundError, match="there is no folder") as caught:
        GPT4All.retrieve_model("m", model_path=str(tmp_path / "other"))
    assert isinstance(caught.value, gpt4all.ModelNotFoundError)


def test_a_default_folder_that_cannot_be_made(folder: Path, no_network: None) -> None:
    folder.parent.joinpath("default").write_bytes(b"a file stands in its way")
    with pytest.raises(RuntimeError, match="cannot be created"):
        GPT4All.retrieve_model("no-such-model")


def test_subclasses_may_replace_the_download(folder: Path) -> None:
    asked: list[Any] = []

    class Mine(GPT4All):
        @staticmethod
        def download_model(model_filename: str, model_path: Any, *rest: Any, **named: Any) -> Path:
            asked.append((model_filename, model_path, rest, named))
            return Path(model_path) / model_filename

    assert Mine.retrieve_model("mine")["path"] == str(folder / "mine.gguf")
    assert asked == [("mine.gguf", folder, (), {"verbose": False})]


def test_subclasses_may_replace_the_retrieval(tiny_path: Path) -> None:
    class Mine(GPT4All):
        @staticmethod
        def retrieve_model(
            model_name: str, model_path: Any = None, allow_download: bool = True, verbose: bool = False
        ) -> dict[str, Any]:
            return {"path": str(tiny_path), "asked": model_name}

    with Mine("whatever") as model:
        assert model.config["asked"] == "whatever"
        assert model.generate("x", max_tokens=1)


def test_verbose_says_what_was_found(tiny_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    GPT4All.retrieve_model(tiny_path.name, tiny_path.parent, False, False)
    assert capfd.readouterr() == ("", "")
    GPT4All.retrieve_model(tiny_path.name, tiny_path.parent, False, True)
    assert capfd.readouterr() == ("", f"Found model file at {str(tiny_path)!r}\n")


# --------------------------------------------------------------------------------------------------------- downloading


def test_download_checks_size_and_hashes(server: MisbehavingServer, cache: Path, tmp_path: Path) -> None:
    content = content_of("f", SIZE)
    md5 = hashlib.md5(content).hexdigest()
    path = GPT4All.download_model(
        "m.gguf", tmp_path, url=server.file("f", SIZE), expected_size=SIZE, expected_md5=md5.upper()
    )
    assert path == tmp_path / "m.gguf"
    assert Path(path).read_bytes() == content
    GPT4All.download_model(
        "n.gguf", str(tmp_path), False, server.file("f", SIZE, file="n.gguf"), SIZE, expected_sha256=sha256_of(content)
    )
    assert (tmp_path / "n.gguf").read_bytes() == content


@pytest.mark.parametrize(
    "wrong",
    [{"expected_size": SIZE + 1}, {"expected_md5": "0" * 32}, {"expected_sha256": "0" * 64}],
    ids=["size", "md5", "sha256"],
)
def test_a_wrong_file_never_gets_its_name(
    server: MisbehavingServer, cache: Path, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"m\.gguf") as caught:
        GPT4All.download_model("m.gguf", tmp_path, url=server.file("f", SIZE), **wrong)
    assert isinstance(caught.value, models.DownloadError)
    assert not (tmp_path / "m.gguf").exists()


def test_a_wrong_status_is_a_value_error(server: MisbehavingServer, cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="404"):
        GPT4All.download_model("m.gguf", tmp_path, url=server.file("f", SIZE, "status-404"))


def test_a_cut_download_goes_on(server: MisbehavingServer, cache: Path, tmp_path: Path) -> None:
    path = GPT4All.download_model(
        "m.gguf", tmp_path, url=server.file("f", SIZE, "cut-100000"), expected_sha256=sha256_of(content_of("f", SIZE))
    )
    assert Path(path).read_bytes() == content_of("f", SIZE)


def test_no_connection_is_the_error_of_requests_too(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        GPT4All.download_model("m.gguf", tmp_path, url="https://example.org/m.gguf")
    assert isinstance(caught.value, models.DownloadError)


@pytest.mark.parametrize("name", ["../m.gguf", "a/b.gguf", ""])
def test_names_stay_in_the_folder(cache: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError):
        GPT4All.download_model(name, tmp_path, url="https://example.org/m.gguf")


def test_a_folder_that_does_not_exist(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        GPT4All.download_model("m.gguf", tmp_path / "missing", url="https://example.org/m.gguf")


def test_a_model_is_downloaded_and_opened(
    server: MisbehavingServer, folder: Path, tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(model_filename: str, model_path: Any, verbose: bool = True) -> Path:
        return Path(shutil.copy(tiny_path, Path(model_path) / model_filename))

    monkeypatch.setattr(GPT4All, "download_model", staticmethod(download))
    with GPT4All("new-model") as model:
        assert model.config["path"] == str(folder / "new-model.gguf")
        assert model.generate("x", max_tokens=1)
