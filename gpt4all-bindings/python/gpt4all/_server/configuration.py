"""Settings from a file, from the environment and from options, in the units that people write."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from .._errors import InvalidArgumentError
from .._units import seconds, size
from .access.keys import hashed
from .settings import ServerSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HASH = "sha256:"


def key_hashes(keys: Sequence[str], file: Path | None) -> tuple[str, ...]:
    """Hashes of keys, and of those in a file: a line each, itself or as sha256:HASH. Raises InvalidArgumentError."""
    lines = list(keys)
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidArgumentError(f"{file}: the API keys cannot be read: {error}") from error
        lines += [line.strip() for line in text.splitlines()]
        if not any(lines):
            raise InvalidArgumentError(f"{file}: there is no API key in it")
    return tuple(_hash(line) for line in lines if line and not line.startswith("#"))


def _hash(line: str) -> str:
    if not line.startswith(HASH):
        return hashed(line)
    known = line.removeprefix(HASH).strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", known):
        raise InvalidArgumentError("a line of the API keys begins with sha256:, and 64 hexadecimal digits must follow")
    return known


def read_file(path: Path) -> dict[str, Any]:
    """A configuration file in TOML, with the names of ServerSettings. Raises InvalidArgumentError."""
    try:
        with path.open("rb") as file:
            read: dict[str, Any] = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise InvalidArgumentError(f"{path}: the configuration cannot be read: {error}") from error
    known = {field.name for field in fields(ServerSettings)} | {"api_key_file"}
    unknown = sorted(read.keys() - known)
    if unknown:
        raise InvalidArgumentError(f"{path}: {unknown[0]!r} is not known; there are {', '.join(sorted(known))}")
    return read


def _workers(given: Any) -> dict[str, tuple[str, ...]]:
    """The machines that models are split over, by the models' names. Raises InvalidArgumentError."""
    if not isinstance(given, dict):
        raise InvalidArgumentError('workers must be a table, such as [workers] with "model.gguf" = ["10.0.0.2:50052"]')
    return {name: (split,) if isinstance(split, str) else tuple(split) for name, split in given.items()}


def settings(options: Mapping[str, Any], file: Path | None) -> ServerSettings:
    """Settings of options, which go before what the file says. None stands for what was not given.

    Raises InvalidArgumentError.
    """
    given = read_file(file) if file is not None else {}
    given.update({name: value for name, value in options.items() if value is not None and value != []})
    keys_file = given.pop("api_key_file", None)
    given["api_keys"] = key_hashes(given.get("api_keys", ()), Path(keys_file) if keys_file else None)
    for name in ("keep_alive", "stored_seconds"):
        if isinstance(given.get(name), str):
            given[name] = seconds(given[name])
    for name in ("memory_budget", "max_request_bytes", "stored_bytes"):
        if isinstance(given.get(name), str):
            given[name] = size(given[name])
    for name in ("host", "allowed_origins", "allowed_hosts", "preload", "pin"):
        if name in given:
            given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
    if "workers" in given:
        given["workers"] = _workers(given["workers"])
    for name in ("certificate", "certificate_key"):
        if name in given:
            given[name] = Path(given[name])
    made = ServerSettings(**given)
    made.check()
    return made
