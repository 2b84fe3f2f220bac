"""The local server, as an ASGI application and as a program. `gpt4all serve` runs it.

It needs the extra `server`: pip install "gpt4all[server]".
"""

from __future__ import annotations

from ._server.app import create_app
from ._server.run import serve
from ._server.settings import ServerSettings

__all__ = ["ServerSettings", "create_app", "serve"]
