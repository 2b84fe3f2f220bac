"""What training begins with: the model's folder, and the folder that curate wrote, with whose the data are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from .. import manifest
from ..errors import ConfigurationError, ModelError, SourceError
from ..manifest import Credit, Input
from ..storage import sha256_of
from .settings import Train

# Of a model's folder, what decides what it computes; readme files, pictures and other frameworks' weights do not.
_OF_MODEL = ("*.json", "*.safetensors", "*.bin", "*.model", "*.jinja", "merges.txt", "vocab.txt")


@dataclass(frozen=True)
class Inputs:
    """What is read.

    training, held_out: Parquet files of conversations. sources: whose they are. described: all files, for the manifest.
    """

    model: Path
    training: list[Path]
    held_out: list[Path]
    template: Path | None
    sources: list[Credit]
    described: list[Input]


def find_inputs(settings: Train, base: Path, said: Callable[[str], None]) -> Inputs:
    """Finds and hashes all files. Raises ConfigurationError, ModelError, SourceError.

    said: is told which file is being hashed.
    """
    model, data = base / settings.model, base / settings.data
    described = _files_of_model(model, settings.model, said)
    curated = _manifest_of(data)
    parts: dict[str, list[Path]] = {"train": [], "held-out": []}
    for each in curated["outputs"]:
        name, digest = str(each["name"]), str(each["sha256"])
        part = next((part for part in parts if name.startswith(f"data/{part}-")), None)
        if part is None:
            continue
        found = _described(data / name, f"{settings.data}/{name}", part, "data", said, SourceError)
        if found.sha256 != digest:
            remedy = "Curate again, into an empty folder"
            raise SourceError("is not what curate wrote, says its manifest", file=data / name, remedy=remedy)
        parts[part].append(data / name)
        described.append(found)
    template = None
    if settings.chat_template:
        template = base / settings.chat_template
        described.append(_described(template, settings.chat_template, "template", "model", said, ConfigurationError))
    return Inputs(model, parts["train"], parts["held-out"], template, _credits(curated), described)


def _files_of_model(folder: Path, name: str, said: Callable[[str], None]) -> list[Input]:
    if not (folder / "config.json").is_file():
        remedy = "Name a folder with a model as the Hugging Face hub has it; nothing is downloaded"
        raise ModelError("has no config.json", file=folder, remedy=remedy)
    paths = sorted({path for pattern in _OF_MODEL for path in folder.glob(pattern) if path.is_file()})
    return [_described(path, f"{name}/{path.name}", "model", "model", said, ModelError) for path in paths]


def _manifest_of(folder: Path) -> dict[str, Any]:
    path = folder / manifest.FILE
    remedy = "Name as `data` a folder that `gpt4all-train curate` has finished"
    try:
        found = orjson.loads(path.read_bytes())
        if found["step"] == "curate" and isinstance(found["outputs"], list) and isinstance(found["inputs"], list):
            return dict(found)
    except OSError as error:
        raise ConfigurationError("cannot be read, or is not there", file=path, remedy=remedy) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError("is no manifest", file=path, remedy=remedy) from error
    raise ConfigurationError("is the manifest of another step", file=path, remedy=remedy)


def _credits(curated: dict[str, Any]) -> list[Credit]:
    """Each source once, in the manifest's order."""
    found: dict[str, Credit] = {}
    for each in curated["inputs"]:
        if each["role"] == "source":
            owed = {key: each.get(key) for key in ("author", "license", "url", "year")}
            found.setdefault(each["source"], Credit(name=each["source"], **owed))
    return list(found.values())


def _described(
    path: Path, name: str, role: str, source: str, said: Callable[[str], None], wrong: type[ConfigurationError | Any]
) -> Input:
    said(path.name)
    try:
        return Input(name, role, source, path.stat().st_size, sha256_of(path))
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise wrong(problem, file=path, remedy="Make it a file that can be read") from error
