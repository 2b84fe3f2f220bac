"""Searching Hugging Face for files of models."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from ...models import DownloadError, HuggingFaceSource, OfflineError, Settings
from ...models._http import Client, check_address
from ...models._names import split_names
from ..schemas.models import HubFile
from .fit import Machine, fit, needed_by_file

REPOSITORIES = 8
FILES = 60  # of a repository
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")


def search(query: str, settings: Settings, machine: Machine) -> list[HubFile]:
    """Files of the repositories that match, those that are downloaded most first.

    Raises OfflineError, DownloadError.
    """
    if settings.offline:
        raise OfflineError("downloads are switched off; unset GPT4ALL_OFFLINE and HF_HUB_OFFLINE to search the hub")
    check_address(settings.hub_endpoint, settings)
    wanted = {"search": query, "filter": "gguf", "sort": "downloads", "direction": "-1", "limit": str(REPOSITORIES)}
    found: list[HubFile] = []
    with contextlib.closing(Client(settings)) as client:
        rows = _read(client, f"{settings.hub_endpoint}/api/models?{urlencode(wanted)}", settings)
        for row in rows[:REPOSITORIES]:
            repository, downloads = row.get("id"), row.get("downloads")
            if not isinstance(repository, str) or not _NAME.fullmatch(repository):
                continue
            url = f"{settings.hub_endpoint}/api/models/{quote(repository)}/tree/main?recursive=true"
            files = _read(client, url, settings)
            found += _files(repository, downloads if isinstance(downloads, int) else 0, files, machine)
    return found


def _read(client: Client, url: str, settings: Settings) -> list[dict[str, Any]]:
    with client.get(url) as response:
        text = response.text(settings.stall_seconds)
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise DownloadError(f"the hub answered with something other than JSON: {error}") from error
    if not isinstance(rows, list):
        raise DownloadError("the hub answered with something other than a list")
    return [row for row in rows if isinstance(row, dict)]


def _files(repository: str, downloads: int, rows: list[dict[str, Any]], machine: Machine) -> Iterator[HubFile]:
    sizes = {row["path"]: row["size"] for row in rows if _is_file(row)}
    for path in [path for path in sizes if not _LATER_PART.search(path)][:FILES]:
        folder, slash, name = path.rpartition("/")
        parts = [folder + slash + part for part in split_names(name)]
        if not all(part in sizes for part in parts):
            continue
        size = sum(sizes[part] for part in parts)
        yield HubFile(
            model=str(HuggingFaceSource(repository, path)),
            repository=repository,
            file=path,
            size=size,
            downloads=downloads,
            fit=fit(needed_by_file(size), machine, size),
        )


def _is_file(row: dict[str, Any]) -> bool:
    """Whether it is a model's file. The parts of models that see are of no use here."""
    path, size = row.get("path"), row.get("size")
    is_model = isinstance(path, str) and path.endswith(".gguf") and "mmproj" not in path.lower()
    return is_model and isinstance(size, int) and size > 0
