"""The document: what FastAPI knows of the paths, and what the engine's schema and the APIs say of bodies and errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ..._model import schema
from ..anthropic.schemas import BODIES as ANTHROPIC
from ..llama_server.schemas import BODIES as LLAMA_SERVER
from ..ollama.schemas import BODIES as OLLAMA
from ..openai.responses.schemas import BODIES as RESPONSES
from ..openai.schemas import BODIES as OPENAI
from .bodies import PLACE, Body, Schema, reference
from .errors import ERRORS, SCHEMAS

BODIES: Sequence[Body] = (*OPENAI, *RESPONSES, *ANTHROPIC, *OLLAMA, *LLAMA_SERVER)
ENGINE = "#/$defs/"
METHODS = frozenset({"get", "post", "delete"})
DESCRIPTION = """\
Models on this machine, with the APIs of OpenAI, Anthropic, Ollama and llama-server.

A member that is `null` counts as not given. Members that are not listed are refused. Whether a server wants a key is \
for its owner to say; it is given as `Authorization: Bearer KEY`, or in the header `x-api-key`.
"""


class Application(FastAPI):
    """An application that is described with the bodies that its requests may have."""

    def openapi(self) -> dict[str, Any]:
        """The document, which is made when it is first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = _document(self)
        return self.openapi_schema


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in METHODS:
                _tell_errors(operation)
    document["components"] = {
        "schemas": dict(sorted(_schemas().items())),
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
    document["security"] = [{}, {"key": []}]
    return document


def _tell_errors(operation: dict[str, Any]) -> None:
    """Errors of an API's own, instead of FastAPI's for what it would check itself."""
    responses = operation["responses"]
    responses.pop("422", None)
    for status, what in (("4XX", "The request is not allowed, or wrong."), ("5XX", "The server cannot answer it now.")):
        schema = reference(ERRORS.get(operation["tags"][0], ERRORS["OpenAI"]))
        responses[status] = {"description": what, "content": {"application/json": {"schema": schema}}}


def _schemas() -> dict[str, Schema]:
    """All bodies, and what they refer to."""
    definitions = schema()["$defs"]
    made = {body.name: body.schema(definitions) for body in BODIES} | SCHEMAS
    wanted = list(made.values())
    while wanted:
        for name in _engine_names(wanted.pop()):
            if name not in made:
                made[name] = definitions[name]
                wanted.append(definitions[name])
    moved: dict[str, Schema] = _moved(made)
    return moved


def _engine_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str) and target.startswith(ENGINE):
            yield target.removeprefix(ENGINE)
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _engine_names(each)


def _moved(value: Any) -> Any:
    """The same, with references to where the engine's definitions are in the document."""
    if isinstance(value, list):
        return [_moved(each) for each in value]
    if not isinstance(value, dict):
        return value
    target = value.get("$ref")
    if isinstance(target, str) and target.startswith(ENGINE):
        return {**value, "$ref": PLACE + target.removeprefix(ENGINE)}
    return {name: _moved(each) for name, each in value.items()}
