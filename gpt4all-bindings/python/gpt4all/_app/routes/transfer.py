"""Chats as files: written, and read again."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ..schemas.chats import Exported, Imported, ImportFile
from ..services import Services
from ..transfer.archive import archived
from ..transfer.imports import import_file
from ..transfer.json_format import exported
from ..transfer.markdown import markdown_of

FILES: dict[int | str, dict[str, Any]] = {200: {"model": Exported, "content": {"text/markdown": {}}}}
ALL: dict[int | str, dict[str, Any]] = {200: {"model": Exported, "content": {"application/zip": {}}}}


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["chats"])
    chats = services.chats

    def attachment(name: str) -> dict[str, str]:
        return {"Content-Disposition": f'attachment; filename="{name}"'}

    @router.get("/chats/{id}/export", summary="A chat as a file", response_model=None, responses=FILES)
    def export_chat(id: str, format: Literal["markdown", "json"] = "markdown") -> Response:
        if format == "json":
            return JSONResponse(exported(chats, [id]), headers=attachment("chat.json"))
        text = markdown_of(chats.chat(id))
        return PlainTextResponse(text, media_type="text/markdown", headers=attachment("chat.md"))

    @router.get("/export", summary="All chats as a file", response_model=None, responses=ALL)
    def export_all(format: Literal["markdown", "json"] = "json") -> Response:
        ids = [each.id for each in chats.listed()]
        if format == "json":
            return JSONResponse(exported(chats, ids), headers=attachment("gpt4all-chats.json"))
        return Response(archived(chats, ids), media_type="application/zip", headers=attachment("gpt4all-chats.zip"))

    @router.post("/import", summary="Read chats from a file")
    def import_chats(file: ImportFile) -> Imported:
        imported = import_file(chats, file)
        services.bus.publish("chats")
        return imported

    return router
