"""Where settings name collections of documents."""

from __future__ import annotations

import json

from ..database import Database, as_json


def rename_in_settings(database: Database, before: str, after: str) -> None:
    """Has chats, also deleted ones, presets and models follow a collection that was renamed."""
    with database.change() as connection:
        for table, key in (("chats", "id"), ("presets", "id"), ("model_settings", "model")):
            named = "SELECT 1 FROM json_each(settings, '$.collections') WHERE value = ?"
            for id, text in database.rows(f"SELECT {key}, settings FROM {table} WHERE EXISTS ({named})", (before,)):
                settings = json.loads(text)
                names = [after if name == before else name for name in settings["collections"]]
                settings["collections"] = list(dict.fromkeys(names))
                connection.execute(f"UPDATE {table} SET settings = ? WHERE {key} = ?", (as_json(settings), id))
