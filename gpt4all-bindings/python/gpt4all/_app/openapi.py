"""Writes the description of the page's API, which the front end's types are made of:

python -m gpt4all._app.openapi > gpt4all-chat/openapi.json
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from .app import Application, create_app
from .settings import AppSettings


def described() -> dict[str, Any]:
    """OpenAPI."""
    with tempfile.TemporaryDirectory() as folder:
        application: Application = create_app(AppSettings(folder=Path(folder))).state.application
        found = application.api.openapi()
        application.services.database.close()
    return found


def document() -> str:
    """The same, in JSON."""
    return json.dumps(described(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(document(), end="")
