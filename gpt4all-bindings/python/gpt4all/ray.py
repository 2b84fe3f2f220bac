"""The local server as a Ray Serve application: many replicas, each with its own models, behind one address.

`serve run gpt4all.ray:app preload=smollm2 max_replicas=4` starts it, and `serve build` writes it into a file.

It needs the extra `ray`: pip install "gpt4all[ray]".
"""

from __future__ import annotations

from ._server.replicas.app import app
from ._server.replicas.arguments import Arguments

__all__ = ["Arguments", "app"]
