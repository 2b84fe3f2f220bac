"""The manifest of a step: what went in and came out, by SHA-256, with what, and to whom it is owed.

It has no times and no absolute paths, so that the same inputs make the same manifest.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson

from .storage import sha256_of, write_whole

FILE = "manifest.json"


@dataclass(frozen=True)
class Input:
    """A file that a step reads.

    name: as the configuration has it. role: what it is for. source: whose it is.
    """

    name: str
    role: str
    source: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Output:
    """A file that a step wrote. rows: if it has any."""

    name: str
    bytes: int
    sha256: str
    rows: int | None = None

    @classmethod
    def of(cls, path: Path, folder: Path, rows: int | None = None) -> Output:
        """What is to be said of a file."""
        return cls(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_of(path), rows)


@dataclass(frozen=True)
class Credit:
    """To whom a source is owed."""

    name: str
    author: str
    license: str
    url: str | None
    year: int | None


def versions(packages: Sequence[str]) -> dict[str, str]:
    """The versions of what the result depends on."""
    found = {"python": platform.python_version()}
    for package in ("gpt4all-training", *packages):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # a checkout
            found[package] = _of_checkout() if package == "gpt4all-training" else "unknown"
    return found


def identity(step: str, configuration: Mapping[str, Any], inputs: Sequence[Input], with_: Mapping[str, str]) -> str:
    """A digest of all that decides what a step makes."""
    parts = [step, configuration, [asdict(each) for each in inputs], with_]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Writes the manifest, which says that the step is done. Raises OutputError."""
    write_whole(folder / FILE, as_json(content))


def as_json(content: object) -> bytes:
    """JSON for files that people read, too."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return bytes(orjson.dumps(content, option=options))


def _of_checkout() -> str:
    path = Path(__file__).resolve().parents[1] / "VERSION"
    return path.read_text(encoding="ascii").strip() if path.is_file() else "unknown"
