"""Models as applications write them with Pydantic, by domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import agents, business, language, people


def schemas() -> Iterator[tuple[str, Any]]:
    """Each model's name, and its schema as Pydantic writes it for what is to be validated; for one with computed
    fields also what it writes for what is serialised."""
    for module in (business, people, language, agents):
        for model in module.MODELS:
            yield model.__name__, model.model_json_schema()
            if model.model_computed_fields:
                yield f"{model.__name__} as written", model.model_json_schema(mode="serialization")
    for module in (language, agents):
        for name, adapter in module.ADAPTERS.items():
            yield name, adapter.json_schema()
