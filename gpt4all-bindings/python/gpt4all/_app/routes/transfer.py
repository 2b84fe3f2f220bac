"""Chats as files: written, and read again."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from ..files.attached import decoded
from ..schemas.chats import Exported, Imported, ImportFile, ImportPiece, ImportProgress
from ..services import Services
from ..transfer.archive import archived
from ..transfer.imports import import_file, import_stream
from ..transfer.json_format import exported
from ..transfer.markdown import markdown_of

FILES: dict[int | str, dict[str, Any]] = {200: {"model": Exported, "content": {"text/markdown": {}}}}
ALL: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}}}


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

    @router.get(
        "/export", summary="All chats as a zip, with a file for each", response_class=StreamingResponse, responses=ALL
    )
    def export_all(format: Literal["markdown", "json"] = "json") -> StreamingResponse:
        pieces = archived(chats, [each.id for each in chats.listed()], format)
        name = attachment(f"gpt4all-chats-{format}.zip")
        return StreamingResponse(pieces, media_type="application/zip", headers=name)

    @router.post("/import", summary="Read chats from a file")
    def import_chats(file: ImportFile) -> Imported:
        imported = import_file(chats, file)
        services.bus.publish("chats")
        return imported

    @router.post("/import/pieces", summary="Read chats from a file that comes piece by piece")
    def import_pieces(piece: ImportPiece) -> ImportProgress:
        uploads = services.uploads
        upload = uploads.add(piece.id, piece.name, piece.size, piece.offset, decoded(piece.data))
        imported = None
        if upload.is_whole:
            with uploads.whole(upload) as path, path.open("rb") as file:
                imported = import_stream(chats, piece.name, file)
            services.bus.publish("chats")
        return ImportProgress(id=upload.id, received=upload.received, imported=imported)

    return router
