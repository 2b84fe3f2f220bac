"""Which requests to make up for the operations of an OpenAPI description: those that fit it, and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Operation = tuple[str, str]  # its method, and its path


def with_modes(paths: Mapping[str, Any], operations: Sequence[Operation]) -> list[tuple[str, str, str]]:
    """Each operation with schemathesis's modes that can be tried of it.

    paths: those of the description, which has methods in small letters.
    """
    return [
        (mode, method, path)
        for mode in ("POSITIVE", "NEGATIVE")
        for method, path in operations
        if mode == "POSITIVE" or not _takes_any_text(paths[path][method.lower()])
    ]


def _takes_any_text(operation: Mapping[str, Any]) -> bool:
    """Whether no request can be wrong, since all that it gives is texts in its path of which any will do. By itself,
    hypothesis notices only after a thousand vain attempts."""
    given = [(each["in"], {**each["schema"], "title": ""}) for each in operation.get("parameters", [])]
    return (
        "requestBody" not in operation
        and bool(given)
        and all(each == ("path", {"type": "string", "title": ""}) for each in given)
    )
