"""Models by name: the catalogue, downloads, and the cache they go into.

from gpt4all import models

path = models.resolve("SmolLM2 135M Instruct")                     # downloaded if it is not there yet
path = models.resolve("hf://Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf")
"""

from __future__ import annotations

from ._catalogue import (
    CatalogueEntry,
    HTTPSSource,
    HuggingFaceSource,
    Licence,
    PyPISource,
    Source,
    catalogue,
    find,
)
from ._folders import cache_folder, models_folder
from ._resolve import DEFAULT_EMBEDDING_MODEL, DEFAULT_MODEL, resolve

__all__ = [
    "DEFAULT_EMBEDDING_MODEL",
    "DEFAULT_MODEL",
    "CatalogueEntry",
    "HTTPSSource",
    "HuggingFaceSource",
    "Licence",
    "PyPISource",
    "Source",
    "cache_folder",
    "catalogue",
    "find",
    "models_folder",
    "resolve",
]
