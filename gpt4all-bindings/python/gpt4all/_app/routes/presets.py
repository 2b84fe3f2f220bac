"""Presets: settings for chats under a name."""

from __future__ import annotations

from fastapi import APIRouter

from ..schemas.settings import NewPreset, Preset, PresetChange
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["settings"])

    @router.get("/presets", summary="All presets")
    def list_presets() -> list[Preset]:
        return services.preferences.presets()

    @router.post("/presets", status_code=201, summary="Make a preset")
    def add_preset(new: NewPreset) -> Preset:
        preset = services.preferences.add_preset(new)
        services.bus.publish("settings")
        return preset

    @router.patch("/presets/{id}", summary="Change a preset")
    def change_preset(id: str, change: PresetChange) -> Preset:
        preset = services.preferences.change_preset(id, change)
        services.bus.publish("settings")
        return preset

    @router.delete("/presets/{id}", status_code=204, summary="Delete a preset")
    def remove_preset(id: str) -> None:
        services.preferences.remove_preset(id)
        services.bus.publish("settings")

    return router
