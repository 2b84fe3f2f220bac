"""An entry for the catalogue of models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..manifest import Output
from .settings import Export

_GIB = 1 << 30


def entry(settings: Export, file: Output, inspected: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of one file. inspected: what gpt4all.inspect() says of it."""
    assert settings.published is not None
    return {
        "name": f"{settings.name} {inspected['quantization']}",
        "file": file.name,
        "kind": "chat",
        "description": settings.description,
        "size": file.bytes,
        "ram_gb": math.ceil(2 * inspected["memory"]["total"] / _GIB) or 1,
        "sha256": file.sha256,
        "license": {"name": settings.license.name, "url": settings.license.url},
        "architecture": inspected["architecture"],
        "parameters": inspected["n_params"],
        "quantization": inspected["quantization"],
        "context_length": inspected["n_ctx_train"],
        "sources": [{"type": "https", "url": f"{settings.published.rstrip('/')}/{file.name}"}],
    }
