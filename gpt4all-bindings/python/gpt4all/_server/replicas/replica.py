"""A replica: the server's application in a process of Ray's."""

from __future__ import annotations

from fastapi import FastAPI
from ray import serve

from ..._library import load
from ..app import create_app
from ..errors import RequestError
from ..inference import Inference
from ..settings import ServerSettings

ID_HEADER = "x-request-id"
"""Ray Serve's proxies give each request an id, and put it on the answer."""


class UnhealthyError(Exception):
    """A replica that is to be replaced."""


def replica_class(settings: ServerSettings) -> type:
    """The class of which Ray Serve makes replicas."""

    def build() -> FastAPI:
        load()  # rather than with the first request
        return create_app(settings, id_header=ID_HEADER)

    class Replica(serve.ingress(build)()):  # type: ignore[misc]
        """Ready once the models that it starts with are open."""

        # As Ray Serve has it.
        async def __init__(self) -> None:  # type: ignore[misc]
            await super().__init__()
            self._inference: Inference = self.app.state.inference
            try:
                await self._inference.preload()
            except RequestError as error:
                raise UnhealthyError(str(error)) from error

        async def check_health(self) -> None:
            """Raises UnhealthyError once a model that it starts with crashes again and again: perhaps another machine
            can do better."""
            for name in self._inference.crashing():
                raise UnhealthyError(f"{name} has crashed several times in a row")

    return Replica
