"""The package that is tested: the wheel GPT4ALL_WHEEL and the sdist GPT4ALL_SDIST, made as by `make wheel sdist`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Protocol

import pytest

from distribution.installed import PLACES, SUPPORTED, Installed, interpreter

NO_NETWORK = re.compile(
    r"Failed to establish a new connection|Temporary failure in name resolution|Network is unreachable"
)


def _named(variable: str) -> Path:
    if variable not in os.environ:
        pytest.skip(f"{variable} names none; `make test LANES=wheel,sdist` makes one and tests it")
    path = Path(os.environ[variable])
    assert path.is_file(), f"{variable} names {path}, which does not exist"
    return path


@pytest.fixture(scope="session")
def wheel() -> Path:
    return _named("GPT4ALL_WHEEL")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return _named("GPT4ALL_SDIST")


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the wheel."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


class Install(Protocol):
    """Installs the wheel for an interpreter, with an extra if one is named."""

    def __call__(self, python: Path, extra: str = "") -> Installed: ...


@pytest.fixture(scope="session")
def install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Install:
    """What installs the wheel."""

    def installed(python: Path, extra: str = "") -> Installed:
        folder = tmp_path_factory.mktemp("venv")
        subprocess.run([str(python), "-m", "venv", str(folder)], check=True)
        place = Installed(folder)
        command = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
        command.append(f"{wheel}[{extra}]" if extra else str(wheel))
        # from wheels alone: nothing may need a compiler; bytecode of what is imported, which is a small part of all
        command += ["--only-binary", ":all:", "--retries", "1", "--no-compile"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment["PATH"] = str(folder / "bin")
        done = subprocess.run(command, env=environment, cwd=place.empty, capture_output=True, text=True, check=False)
        if done.returncode and NO_NETWORK.search(done.stdout + done.stderr):
            pytest.skip("what the package requires could not be downloaded: no network")
        assert done.returncode == 0, done.stdout + done.stderr
        assert not any(shutil.which(name, path=environment["PATH"]) for name in ("cc", "gcc", "c++", "cmake"))
        return place

    return installed


@pytest.fixture(scope="session")
def here(install: Install) -> Installed:
    """The wheel, installed for the interpreter that runs the tests."""
    return install(Path(sys.executable))


@pytest.fixture(scope="session", params=SUPPORTED, ids=lambda version: "cpython-{}.{}".format(*version))
def everywhere(request: pytest.FixtureRequest, install: Install, here: Installed) -> Installed:
    """The wheel, installed for each interpreter that is supported and that is on this machine."""
    python = interpreter(request.param)
    if python is None:
        version = "{}.{}".format(*request.param)
        pytest.skip(f"this machine has no CPython {version} with venv; looked at {PLACES}")
    return here if python == Path(sys.executable) else install(python)


@pytest.fixture(scope="session")
def default_model() -> str:
    """The name of the default model, which must be in the cache: nothing is downloaded here."""
    name = "SmolLM2-135M-Instruct-Q4_1.gguf"
    cache = Path(os.environ.get("GPT4ALL_CACHE") or "~/.cache/gpt4all").expanduser()
    if not any((cache / folder / name).is_file() for folder in ("", "models")):
        pytest.skip(f"{name} is not in {cache}; `make run` fetches it")
    return name
