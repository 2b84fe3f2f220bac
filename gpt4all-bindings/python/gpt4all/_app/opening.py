"""How models are opened: as the settings say, and with the template of the chat that is to be answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._server.workers.pool import Pool
from .preferences import Preferences

_for_programs = ContextVar("for_programs", default=False)


@dataclass
class InUse:
    """A template that answers are being written with. ended: set when none is any more."""

    template: str | None
    answers: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Opening:
    """Options of models, which hold from the next time on that one is opened; one that nobody uses is opened anew."""

    def __init__(self, preferences: Preferences, pool: Pool) -> None:
        self._preferences = preferences
        self._pool = pool
        self._in_use: dict[str, InUse] = {}
        pool.options.own = self._own
        self.renew()

    def renew(self) -> None:
        """Takes what the settings say by now."""
        values = self._preferences.values()
        self._pool.options.keep_alive = values.keep_open_seconds
        given = {"n_ctx": values.context_tokens, "threads": values.threads}
        self._options: dict[str, Any] = {name: value for name, value in given.items() if value}

    @contextlib.asynccontextmanager
    async def template(self, path: Path, template: str | None) -> AsyncIterator[None]:
        """Has a model opened with a chat's template, None for its own. Waits for answers with another one to end: the
        model is opened with one at a time."""
        key = str(path)
        while (used := self._in_use.get(key)) is not None and used.template != template:
            await used.ended.wait()
        if used is None:
            used = self._in_use[key] = InUse(template)
        used.answers += 1
        try:
            yield
        finally:
            used.answers -= 1
            if used.answers == 0:
                del self._in_use[key]
                used.ended.set()

    @contextlib.contextmanager
    def for_programs(self) -> Iterator[None]:
        """For requests that are of no chat: models have their own templates, whatever is being answered meanwhile."""
        token = _for_programs.set(True)
        try:
            yield
        finally:
            _for_programs.reset(token)

    def _own(self, path: str) -> dict[str, Any]:
        used = self._in_use.get(path)
        if used is None or used.template is None or _for_programs.get():
            return self._options
        return {**self._options, "chat_template": used.template}
