"""Which model answers."""

from __future__ import annotations

from ... import models
from ..._errors import LLModelError
from ..._server.errors import RequestError
from ..._server.ollama.description import inspected
from ..._server.store import Store, StoredModel
from ..database import Database
from ..preferences import Preferences


def chosen(store: Store, preferences: Preferences, database: Database, wanted: str | None) -> StoredModel:
    """The chat's model, or else the default one. Raises RequestError 404 if it is not installed, or none is."""
    if wanted is not None:
        return store.find(wanted)
    model = default(store, preferences, database)
    if model is None:
        raise RequestError(404, "no model is installed; download one", code="model_not_found", param="model")
    return model


def default(store: Store, preferences: Preferences, database: Database) -> StoredModel | None:
    """What the settings say, or the model that was used last, or the default of this release, or any that can chat."""
    last = database.rows("SELECT model FROM chats WHERE model IS NOT NULL ORDER BY updated DESC LIMIT 1")
    for name in (preferences.values().default_model, *(row[0] for row in last), models.DEFAULT_MODEL):
        if name is not None and (found := _installed(store, name)) is not None:
            return found
    return next((model for model in store.list() if _can_chat(model)), None)


def _can_chat(model: StoredModel) -> bool:
    """Not one that makes vectors, nor a file that is no model."""
    try:
        return bool(inspected(model).get("capabilities", {}).get("generate"))
    except LLModelError:
        return False


def _installed(store: Store, name: str) -> StoredModel | None:
    try:
        return store.find(name)
    except RequestError:
        return None
