"""GET /state: what the page shows first."""

from __future__ import annotations

from fastapi import APIRouter

from ..._version import version
from ..chats import choice
from ..hardware import hardware
from ..schemas.state import AppState
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operation."""
    router = APIRouter(tags=["state"])

    @router.get("/state", summary="The application's state")
    def read_state() -> AppState:
        model = choice.default(services.inference.store, services.preferences, services.database)
        return AppState(
            version=version(),
            first_run=not services.database.rows("SELECT 1 FROM chats LIMIT 1"),
            data_folder=str(services.folder),
            documents=services.library.available,
            hardware=hardware(),
            default_model=model.id if model else None,
            language=services.preferences.values().language,
        )

    return router
