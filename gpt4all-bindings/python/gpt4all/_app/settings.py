"""What the application is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._data import data_folder
from .._server.settings import DEFAULT_PORT, ServerSettings

# A file that is imported or attached comes as base64 in JSON.
MAX_REQUEST_BYTES = 192 << 20
DRAIN_SECONDS = 5.0


@dataclass(frozen=True)
class AppSettings:
    """How the application runs.

    folder: where chats, settings and documents are kept; None for $GPT4ALL_DATA, or the system's place for data.
    port: TCP port on 127.0.0.1 and ::1; None: the usual one, or a free one if another program has that.
    browser: whether the page is opened.
    desktop: whether it is opened in a window of its own, which needs the extra `desktop`.
    open: options of Model, for all models.
    """

    folder: Path | None = None
    port: int | None = None
    browser: bool = True
    desktop: bool = False
    open: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Path:
        """The folder, with an absolute path."""
        return (self.folder or data_folder()).expanduser().absolute()

    def server(self, port: int | None = None) -> ServerSettings:
        """Those of the server. port: instead of the one that was given."""
        chosen = port if port is not None else self.port
        return ServerSettings(
            port=DEFAULT_PORT if chosen is None else chosen,
            open=dict(self.open),
            max_request_bytes=MAX_REQUEST_BYTES,
            drain_seconds=DRAIN_SECONDS,
        )
