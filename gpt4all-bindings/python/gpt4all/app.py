"""The chat application, as an ASGI application and as a program. `gpt4all app` runs it.

It needs the extra `app`: pip install "gpt4all[app]".
"""

from __future__ import annotations

from ._app.app import create_app
from ._app.lock import AlreadyRunningError
from ._app.run import run
from ._app.settings import AppSettings

__all__ = ["AlreadyRunningError", "AppSettings", "create_app", "run"]
