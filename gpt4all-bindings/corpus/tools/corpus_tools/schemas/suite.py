"""The official JSON Schema test suite, as the source distribution of the package jsonschema brings it along.

Usage: python -m corpus_tools.schemas.suite FOLDER (puts the package there; ends with 4 if there is no network)

The package is fetched, verified by its SHA-256 and read; nothing of it is installed, unpacked or committed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RELEASE = "4.26.0"
ARCHIVE = f"jsonschema-{RELEASE}.tar.gz"
SHA256 = "0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326"
DRAFTS = ("draft2020-12", "draft7")


class NotFetchedError(Exception):
    """The suite cannot be had: there is no network, or no such package."""


@dataclass(frozen=True)
class Instance:
    """A value, and whether it is valid under the schema of its group."""

    value: Any
    valid: bool


@dataclass(frozen=True)
class Group:
    """One schema of the suite and its instances."""

    name: str
    draft: str
    schema: Any
    instances: Sequence[Instance]


def fetch(folder: Path) -> Path:
    """Puts the package into a folder, unless it is there, and returns its path.

    Raises NotFetchedError, and ValueError if what was fetched is not what is expected.
    """
    archive = folder / ARCHIVE
    if not archive.is_file():
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", str(folder), f"jsonschema=={RELEASE}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotFetchedError(f"pip could not download {ARCHIVE}: {done.stderr.strip()[-500:]}")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        archive.unlink()
        raise ValueError(f"{ARCHIVE} has the SHA-256 {found}, and should have {SHA256}")
    return archive


def groups(archive: Path) -> Iterator[Group]:
    """All groups of the drafts that we read, those about formats included."""
    with tarfile.open(archive) as packed:
        members = sorted((member for member in packed if member.isfile()), key=lambda member: member.name)
        for draft in DRAFTS:
            beginning = f"jsonschema-{RELEASE}/json/tests/{draft}/"
            for member in members:
                if member.name.startswith(beginning) and (content := packed.extractfile(member)) is not None:
                    where = member.name.removeprefix(beginning).removesuffix(".json")
                    yield from _read(json.load(content), draft, where)


def _read(found: Any, draft: str, where: str) -> Iterator[Group]:
    for number, group in enumerate(found):
        instances = [Instance(test["data"], test["valid"]) for test in group["tests"]]
        yield Group(f"{draft}/{where}/{number} {group['description']}", draft, group["schema"], instances)


def main() -> int:
    """Reads the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fetch(folder)
    except NotFetchedError as error:
        print(error)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
