"""The server for programs: addresses, keys, the latest requests."""

from __future__ import annotations

from fastapi import APIRouter

from ..schemas.state import MadeKey, NewKey, ServerState
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["server"])

    @router.get("/server", summary="The server that programs use")
    def read_server() -> ServerState:
        return ServerState(
            addresses=services.addresses, keys=services.keys.listed(), requests=services.requests.latest()
        )

    @router.post("/server/keys", status_code=201, summary="Make an API key")
    def add_key(new: NewKey) -> MadeKey:
        return services.keys.add(new.name)

    @router.delete("/server/keys/{id}", status_code=204, summary="Delete an API key")
    def remove_key(id: str) -> None:
        services.keys.remove(id)

    return router
