"""Models as Anthropic lists them, under the path that OpenAI has for them too."""

from __future__ import annotations

import datetime
from typing import Any

from ..store import StoredModel

HEADER = "anthropic-version"
"""What only Anthropic's clients send."""


def described(model: StoredModel) -> dict[str, Any]:
    """One of them."""
    created = datetime.datetime.fromtimestamp(model.created, datetime.timezone.utc)
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id.removesuffix(".gguf"),
        "created_at": created.isoformat().replace("+00:00", "Z"),
    }


def listed(models: list[StoredModel]) -> dict[str, Any]:
    """All of them, as one page."""
    data = [described(model) for model in models]
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"data": data, "has_more": False, "first_id": first, "last_id": last}
