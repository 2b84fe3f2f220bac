"""Settings, presets and settings of models: what is set is kept, the rest is the default of the release that runs."""

from __future__ import annotations

import json
import time
from typing import Any

from pydantic import ValidationError

from .._server.errors import RequestError
from .database import Database, as_json, new_id
from .schemas.settings import AppValues, ChatSettings, NewPreset, Preset, PresetChange, Sampling, Settings

GROUPS = {
    "appearance": ("theme", "language", "text_size"),
    "chat": ("default_model", "system", "send_with_enter", "reasoning", "temperature", "max_tokens"),
    "documents": ("documents_only", "reranker", "rerank_milliseconds", "folders"),
    "models": ("context_tokens", "threads", "keep_open_seconds"),
}


class Preferences:
    """Those in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------------------------------------------ the application

    def values(self) -> AppValues:
        """Those that apply. A value of an older release that is not valid any more is as if it was not set."""
        values: dict[str, Any] = {}
        for key, text in self._database.rows("SELECT key, value FROM settings"):
            if key in AppValues.model_fields and _is_valid(key, json.loads(text)):
                values[key] = json.loads(text)
        return AppValues.model_validate(values)

    def settings(self) -> Settings:
        """All there is to know about them."""
        schema = AppValues.model_json_schema()
        for group, names in GROUPS.items():
            for name in names:
                schema["properties"][name] = {"advanced": False, **schema["properties"][name], "group": group}
        return Settings(values=self.values(), defaults=AppValues.model_validate({}), schema=schema)

    def change(self, values: AppValues) -> Settings:
        """Sets those of the values that are given."""
        with self._database.change() as connection:
            for key, value in values.model_dump(exclude_unset=True).items():
                row = (key, as_json(value))
                connection.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", row)
        return self.settings()

    def reset(self, key: str) -> Settings:
        """Back to the default. Raises RequestError 404."""
        if key not in AppValues.model_fields:
            raise RequestError(404, f"there is no setting {key[:100]!r}", code="not_found")
        with self._database.change() as connection:
            connection.execute("DELETE FROM settings WHERE key = ?", (key,))
        return self.settings()

    # -------------------------------------------------------------------------------------------------------- presets

    def presets(self) -> list[Preset]:
        rows = self._database.rows("SELECT id, name, settings FROM presets ORDER BY name, id")
        return [Preset(id=id, name=name, settings=_read(settings)) for id, name, settings in rows]

    def add_preset(self, new: NewPreset) -> Preset:
        preset = Preset(id=new_id(), name=new.name, settings=new.settings)
        row = (preset.id, preset.name, _written(preset.settings), time.time())
        with self._database.change() as connection:
            connection.execute("INSERT INTO presets (id, name, settings, created) VALUES (?, ?, ?, ?)", row)
        return preset

    def change_preset(self, id: str, change: PresetChange) -> Preset:
        """Raises RequestError 404."""
        with self._database.change() as connection:
            known = next((preset for preset in self.presets() if preset.id == id), None)
            if known is None:
                raise RequestError(404, "there is no such preset", code="not_found")
            changed = Preset(id=id, name=change.name or known.name, settings=change.settings or known.settings)
            row = (changed.name, _written(changed.settings), id)
            connection.execute("UPDATE presets SET name = ?, settings = ? WHERE id = ?", row)
        return changed

    def remove_preset(self, id: str) -> None:
        """Raises RequestError 404."""
        with self._database.change() as connection:
            if not connection.execute("DELETE FROM presets WHERE id = ?", (id,)).rowcount:
                raise RequestError(404, "there is no such preset", code="not_found")

    # --------------------------------------------------------------------------------------------------------- models

    def of_model(self, model: str) -> ChatSettings:
        """Those of a model, by its id."""
        rows = self._database.rows("SELECT settings FROM model_settings WHERE model = ?", (model,))
        return _read(rows[0][0]) if rows else ChatSettings.model_validate({})

    def set_of_model(self, model: str, settings: ChatSettings) -> ChatSettings:
        with self._database.change() as connection:
            row = (model, _written(settings))
            connection.execute("INSERT OR REPLACE INTO model_settings (model, settings) VALUES (?, ?)", row)
        return settings

    def resolved(self, chat: ChatSettings, model: str) -> ChatSettings:
        """What applies to a chat with a model: its own settings, else the model's, else the application's."""
        values = self.values()
        sampling = Sampling(temperature=values.temperature, max_tokens=values.max_tokens)
        lowest = ChatSettings(
            system=values.system,
            reasoning=values.reasoning,
            documents_only=values.documents_only,
            sampling=sampling,
        )
        return _merged(_merged(lowest, self.of_model(model)), chat)


def _merged(below: ChatSettings, above: ChatSettings) -> ChatSettings:
    own = {name: value for name, value in above if value is not None and name != "sampling"}
    drawn = {name: value for name, value in above.sampling if value is not None}
    return below.model_copy(update={**own, "sampling": below.sampling.model_copy(update=drawn)})


def _is_valid(key: str, value: Any) -> bool:
    try:
        AppValues.model_validate({key: value})
    except ValidationError:
        return False
    return True


def _read(text: str) -> ChatSettings:
    return ChatSettings.model_validate_json(text)


def _written(settings: ChatSettings) -> str:
    return settings.model_dump_json(by_alias=True, exclude_none=True)
