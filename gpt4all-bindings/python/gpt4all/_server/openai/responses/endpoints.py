"""POST /v1/responses, and what is stored of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from ...._errors import LLModelError
from ...access.keys import hashed, key_of
from ...errors import Failure, RequestError, failure_of
from ...inference import Inference, client_of
from ...logs import log_failure
from ...store import StoredModel
from ...streaming import EVENT_STREAM, UNBUFFERED, StreamedAnswer, Writer
from ...workers.frames import Frame
from .. import failures
from ..bodies import read_all, take_model
from .background import Background
from .events import Answering
from .requests import Asked, counted, query, renamed, translate
from .schemas import LISTING, READING, RESPONSE
from .store import ResponseStore, Shelf, Stored
from .truncation import fitted

MOST_ITEMS = 100
MOST_EVENTS = 10**9


class ResponseWriter(Writer):
    """Writes the events of a response whose client waits, and keeps it when it has ended."""

    def __init__(self, asked: Asked, shelf: Shelf) -> None:
        self._asked = asked
        self._shelf = shelf
        self._answering = Answering(asked)
        self._begun = False

    def write(self, frame: Frame) -> bytes:
        # Not in begin(), which comes after the first frames: events are numbered.
        first = [] if self._begun else self._answering.begin()
        self._begun = True
        events = first + self._answering.take(frame)
        if frame.kind == "result":
            keep(self._shelf, self._asked, self._answering)
        return b"".join(events)

    def fail(self, failure: Failure) -> bytes:
        return b"".join(self._answering.fail(failure))

    def failure_body(self, failure: Failure) -> dict[str, Any]:
        return failures.body(renamed(failure))


def keep(shelf: Shelf, asked: Asked, answering: Answering) -> None:
    """Stores a response that has ended, if that was asked for."""
    if asked.store:
        shelf.add(Stored(answering.response, asked.context))


def routes(inference: Inference) -> APIRouter:
    """The path operations."""
    background = Background(inference)
    store = ResponseStore(inference.settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await background.close()

    router = APIRouter(tags=["OpenAI"], lifespan=lifespan)

    def shelf_of(request: Request) -> Shelf:
        key = key_of(dict(request.scope["headers"]))
        return store.of(hashed(key) if key else None)

    @router.post("/v1/responses", summary="Make a response", openapi_extra=RESPONSE.operation(EVENT_STREAM))
    async def create(request: Request) -> Response:
        body = await read_all(request)
        model = inference.store.find(take_model(body))
        shelf = shelf_of(request)
        asked = translate(body, model.id, shelf, inference.settings.max_tokens)
        if asked.background:
            stored = background.begin(client_of(request), model, asked, shelf)
            return _events(stored, -1) if asked.stream else JSONResponse(stored.response)
        body = await fitted(inference, client_of(request), model, asked)
        if asked.stream:
            return StreamedAnswer(inference.ask(request, model, "chat", body), ResponseWriter(asked, shelf))
        return JSONResponse(await _whole(inference, request, model, asked, body, shelf))

    @router.post(
        "/v1/responses/input_tokens",
        summary="Count the tokens of a response's input",
        openapi_extra=RESPONSE.operation(),
    )
    async def count(request: Request) -> dict[str, Any]:
        body = await read_all(request)
        model = inference.store.find(take_model(body))
        asked = translate(body, model.id, shelf_of(request), None)
        async with inference.ask(request, model, "count_tokens", counted(asked)) as answer:
            result = await answer.result()
        return {"object": "response.input_tokens", "input_tokens": result["input_tokens"]}

    @router.get(
        "/v1/responses/{id}", summary="Read a stored response, or its events from any of them on", openapi_extra=READING
    )
    async def read(request: Request, id: str) -> Response:
        stored = shelf_of(request).find(id)
        if request.query_params.get("stream") not in ("true", "1"):
            return JSONResponse(stored.response)
        after = query(request.query_params, "starting_after", -1, MOST_EVENTS, -1)
        if stored.task is None:
            raise RequestError(400, "only responses made with background: true keep their events", param="stream")
        return _events(stored, after)

    @router.delete("/v1/responses/{id}", summary="Delete a stored response")
    async def delete(request: Request, id: str) -> dict[str, Any]:
        shelf = shelf_of(request)
        shelf.remove(shelf.find(id))
        return {"id": id, "object": "response", "deleted": True}

    @router.post("/v1/responses/{id}/cancel", summary="End a response in the background")
    async def cancel(request: Request, id: str) -> Response:
        stored = shelf_of(request).find(id)
        if stored.task is None:
            raise RequestError(400, "only responses made with background: true can be cancelled")
        await background.cancel(stored)
        return JSONResponse(stored.response)

    @router.get(
        "/v1/responses/{id}/input_items", summary="List what was read for a stored response", openapi_extra=LISTING
    )
    async def input_items(request: Request, id: str) -> dict[str, Any]:
        items = shelf_of(request).find(id).context
        return _page(items, request)

    return router


async def _whole(
    inference: Inference, request: Request, model: StoredModel, asked: Asked, body: dict[str, Any], shelf: Shelf
) -> dict[str, Any]:
    answering = Answering(asked)
    try:
        # As frames too: they tell how many tokens were thoughts.
        async with inference.ask(request, model, "chat", body) as answer:
            async for frame in answer:
                answering.take(frame)
    except LLModelError as error:
        log_failure(error)
        failure = renamed(failure_of(error))
        raise RequestError(
            failure.status,
            failure.message,
            kind=failure.kind,
            code=failure.code,
            param=failure.param,
            headers=failure.headers,
        ) from error
    keep(shelf, asked, answering)
    return answering.response


def _events(stored: Stored, after: int) -> Response:
    return StreamingResponse(stored.follow(after), media_type=EVENT_STREAM, headers=UNBUFFERED)


def _page(items: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    """A part of a list, the latest first unless asked otherwise."""
    given = request.query_params
    limit = query(given, "limit", 1, MOST_ITEMS, 20)
    if given.get("order", "desc") not in ("asc", "desc"):
        raise RequestError(400, "order must be asc or desc", param="order")
    ordered = items if given.get("order") == "asc" else items[::-1]
    if "after" in given:
        places = [place for place, item in enumerate(ordered) if item["id"] == given["after"]]
        if not places:
            raise RequestError(400, f"after: there is no item {given['after'][:100]!r} in this list", param="after")
        ordered = ordered[places[0] + 1 :]
    page = ordered[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(ordered) > len(page),
    }
