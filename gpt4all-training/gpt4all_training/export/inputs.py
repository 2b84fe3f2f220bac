"""What export begins with: the folder that train wrote, and the model that it was trained from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from .. import manifest
from ..errors import ConfigurationError, ModelError
from ..manifest import Credit, Input
from ..storage import sha256_of
from .settings import Export


@dataclass(frozen=True)
class Inputs:
    """What is read. trained: train's manifest. adapter: whether it is one. described: all files, for the manifest."""

    weights: Path
    base: Path
    trained: dict[str, Any]
    adapter: bool
    sources: list[Credit]
    described: list[Input]


def find_inputs(settings: Export, folder: Path, said: Callable[[str], None]) -> Inputs:
    """Finds all files, which must be those that train wrote and read. Raises ConfigurationError, ModelError.

    said: is told which file is being hashed.
    """
    trained, base = folder / settings.trained, folder / settings.model
    told = _manifest_of(trained)
    described = []
    for each in told["outputs"]:
        if each["name"].startswith("model/"):
            name = f"{settings.trained}/{each['name']}"
            described.append(_same(trained / each["name"], name, "trained", each["sha256"], said))
    for each in told["inputs"]:
        if each["role"] == "model":
            file = Path(each["name"]).name
            described.append(_same(base / file, f"{settings.model}/{file}", "model", each["sha256"], said))
    adapter = told["configuration"]["method"] != "full"
    if settings.form == "adapter" and not adapter:
        remedy = "Set form to merged"
        raise ConfigurationError("all weights were trained, so that there is no adapter", file=trained, remedy=remedy)
    return Inputs(trained / "model", base, told, adapter, [Credit(**each) for each in told["sources"]], described)


def _manifest_of(folder: Path) -> dict[str, Any]:
    path = folder / manifest.FILE
    remedy = "Name as `trained` a folder that `gpt4all-train train` has finished"
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError("cannot be read, or is not there", file=path, remedy=remedy) from error
    except ValueError as error:
        raise ConfigurationError("is no manifest", file=path, remedy=remedy) from error
    if not isinstance(found, dict) or found.get("step") != "train":
        raise ConfigurationError("is not the manifest of training", file=path, remedy=remedy)
    return found


def _same(path: Path, name: str, role: str, digest: str, said: Callable[[str], None]) -> Input:
    said(path.name)
    try:
        found = Input(name, role, role, path.stat().st_size, sha256_of(path))
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise ModelError(problem, file=path, remedy="Name the folders that training read and wrote") from error
    if found.sha256 != digest:
        remedy = "Name the folder that training read, or train again"
        raise ModelError("is not the file of which training's manifest speaks", file=path, remedy=remedy)
    return found
