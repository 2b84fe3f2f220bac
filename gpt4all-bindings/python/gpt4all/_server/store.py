"""The models that requests may name: those in the store, by their files' names and by the catalogue's.

A name in a request never becomes a path; it is looked up among the files that are there.
"""

from __future__ import annotations

import difflib
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .. import models
from ..models import CachedModel, CatalogueEntry
from .errors import RequestError

KEEP_SECONDS = 1.0
"""How old the list of files may be."""


@dataclass(frozen=True)
class StoredModel:
    """A model that can be used.

    id: its name in lists and answers, that of its file. sha256: in hexadecimal, if it is known.
    """

    id: str
    path: Path
    size: int
    created: int
    entry: CatalogueEntry | None
    sha256: str | None = None


class Store:
    """What is in the folder of models, looked at again every KEEP_SECONDS at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listed: dict[str, StoredModel] = {}
        self._names: dict[str, StoredModel] = {}
        self._until = 0.0

    def list(self) -> list[StoredModel]:
        """All of them, by name."""
        self._look()
        return sorted(self._listed.values(), key=lambda model: model.id.casefold())

    def find(self, name: str) -> StoredModel:
        """The model of that name. Raises RequestError 404, with names that are similar."""
        found = self._find(name)
        if found is None:
            self.renew()  # it may have come this moment
            found = self._find(name)
        if found is not None:
            return found
        raise RequestError(404, self._unknown(name), code="model_not_found", param="model")

    def renew(self) -> None:
        """Looks again at what is there, the next time that somebody asks."""
        with self._lock:
            self._until = 0.0

    def _find(self, name: str) -> StoredModel | None:
        self._look()
        return self._names.get(_plain(name))

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() < self._until:
                return
            listed = [_stored(cached) for cached in models.list_cached()]
            self._listed = {model.id: model for model in listed}
            # Files before the catalogue's names, which several files may have.
            names = {_plain(alias): model for model in reversed(listed) for alias in _aliases(model)}
            self._names = names | {_plain(model.id): model for model in listed}
            self._until = time.monotonic() + KEEP_SECONDS

    def _unknown(self, name: str) -> str:
        shown = name if len(name) <= 100 else f"{name[:100]}…"
        message = f"there is no model {shown!r} on this server"
        close = difflib.get_close_matches(_plain(name), self._names, n=3)
        if close:
            here = dict.fromkeys(self._names[key].id for key in close)
            return f"{message}. Did you mean {' or '.join(repr(one) for one in here)}?"
        entry = models.find(name)
        if entry is not None:
            return f"{message}; `gpt4all pull {entry.file}` downloads it"
        return f"{message}; GET /v1/models lists those that there are"


def _plain(name: str) -> str:
    """Without what clients add: Ollama's tag, the ending of the file."""
    return name.casefold().removesuffix(":latest").removesuffix(".gguf")


def _aliases(model: StoredModel) -> tuple[str, ...]:
    return () if model.entry is None else tuple(model.entry.names)


def _stored(cached: CachedModel) -> StoredModel:
    try:
        created = int(cached.path.stat().st_mtime)
    except OSError:
        created = 0
    return StoredModel(cached.name, cached.path, cached.size, created, cached.entry, cached.sha256)
