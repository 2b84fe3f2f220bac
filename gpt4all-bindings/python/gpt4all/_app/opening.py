"""How models are opened: as the settings say, and with the template of the chat that is to be answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._server.workers.pool import Pool
from .preferences import Preferences


class Opening:
    """Options of models, which hold from the next time on that one is opened; one that nobody uses is opened anew."""

    def __init__(self, preferences: Preferences, pool: Pool) -> None:
        self._preferences = preferences
        self._pool = pool
        self._templates: dict[str, str] = {}
        pool.options.own = self._own
        self.renew()

    def renew(self) -> None:
        """Takes what the settings say by now."""
        values = self._preferences.values()
        self._pool.options.keep_alive = values.keep_open_seconds
        given = {"n_ctx": values.context_tokens, "threads": values.threads}
        self._options: dict[str, Any] = {name: value for name, value in given.items() if value}

    def choose_template(self, path: Path, template: str | None) -> None:
        """The chat template of a model; None for its own."""
        if template is None:
            self._templates.pop(str(path), None)
        else:
            self._templates[str(path)] = template

    def _own(self, path: str) -> dict[str, Any]:
        template = self._templates.get(path)
        return self._options if template is None else {**self._options, "chat_template": template}
