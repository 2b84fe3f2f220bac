"""Settings of the application and of models."""

from __future__ import annotations

from fastapi import APIRouter

from ..schemas.settings import AppValues, ChatSettings, Settings
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["settings"])

    def changed(settings: Settings) -> Settings:
        services.opening.renew()
        services.library.renew()
        services.bus.publish("settings")
        return settings

    @router.get("/settings", summary="The settings, their defaults and what they mean")
    def read_settings() -> Settings:
        return services.preferences.settings()

    @router.patch("/settings", summary="Change settings")
    def change_settings(values: AppValues) -> Settings:
        if values.reranker is not None:
            services.installed.check_reranker(values.reranker)
        return changed(services.preferences.change(values))

    @router.delete("/settings/{key}", summary="Go back to a default")
    def reset_setting(key: str) -> Settings:
        return changed(services.preferences.reset(key))

    @router.get("/models/{id}/settings", summary="The settings of a model")
    def read_model_settings(id: str) -> ChatSettings:
        return services.preferences.of_model(services.inference.store.find(id).id)

    @router.put("/models/{id}/settings", summary="Set the settings of a model")
    def set_model_settings(id: str, settings: ChatSettings) -> ChatSettings:
        set = services.preferences.set_of_model(services.inference.store.find(id).id, settings)
        services.bus.publish("settings", id)
        return set

    return router
