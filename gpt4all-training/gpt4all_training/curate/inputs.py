"""The files that a configuration names, and whether they are still what they were."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ChangedSourceError, ConfigurationError, SourceError
from ..manifest import Input
from ..storage import sha256_of
from .settings import Curate


@dataclass(frozen=True)
class Inputs:
    """What is read.

    files: of each source, in order. names: the same as the configuration has them. tasks: a file for each task.
    described: all of them, for the manifest.
    """

    files: list[list[Path]]
    names: list[list[str]]
    tasks: dict[str, Path]
    described: list[Input]

    @property
    def bytes(self) -> int:
        """How large the sources' files are in all."""
        return sum(each.bytes for each in self.described if each.role == "source")


def find_inputs(settings: Curate, base: Path, said: Callable[[str], None]) -> Inputs:
    """Finds and hashes the files. Raises ConfigurationError for what is not there, SourceError if it cannot be read.

    base: the folder of the configuration.
    said: is told which file is being hashed.
    """
    output = (base / settings.output).resolve()
    files, names, described = [], [], []
    for source in settings.sources:
        found = [name for pattern in source.files for name in _matching(base, pattern, source.name, output)]
        found = list(dict.fromkeys(found))  # patterns may overlap
        names.append(found)
        files.append([base / name for name in found])
        described += [_described(base / name, name, "source", source.name, said) for name in found]
    tasks = {}
    for task, name in settings.contamination.tasks.items():
        tasks[task] = base / name
        described.append(_described(base / name, name, "task", task, said))
    return Inputs(files, names, tasks, described)


def check_unchanged(inputs: Inputs, base: Path) -> None:
    """Raises ChangedSourceError if a file was written to while it was read."""
    for each in inputs.described:
        path = base / each.name
        if not path.is_file() or path.stat().st_size != each.bytes or sha256_of(path) != each.sha256:
            remedy = "Leave the sources alone while they are read; start again"
            raise ChangedSourceError("changed while it was read", file=path, remedy=remedy)


def _matching(base: Path, pattern: str, source: str, output: Path) -> list[str]:
    """The files that a pattern stands for. What the step itself writes is none of them."""
    if (base / pattern).is_file():
        return [pattern]
    found = [
        name
        for name in glob.glob(pattern, root_dir=base, recursive=True)
        if (base / name).is_file() and output not in (base / name).resolve().parents
    ]
    if not found:
        remedy = f"Correct `files` of the source {source}; names are seen from the folder of the configuration"
        raise ConfigurationError("there is no such file", file=base / pattern, remedy=remedy)
    return sorted(name.replace(os.sep, "/") for name in found)


def _described(path: Path, name: str, role: str, source: str, said: Callable[[str], None]) -> Input:
    said(ascii(name))
    if not name.isprintable():
        remedy = "Give it another name; this one has characters that no report can show"
        raise ConfigurationError("cannot be read under this name", file=ascii(name), remedy=remedy)
    try:
        return Input(name, role, source, path.stat().st_size, sha256_of(path))
    except FileNotFoundError as error:
        remedy = "Names are seen from the folder of the configuration"
        raise ConfigurationError("there is no such file", file=path, remedy=remedy) from error
    except OSError as error:
        problem = error.strerror or str(error)
        raise SourceError(f"cannot be read: {problem}", file=path, remedy="Make the file readable") from error
