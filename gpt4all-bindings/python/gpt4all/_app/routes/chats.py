"""Chats and their folders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from ..schemas.chats import (
    LONGEST_PAGE,
    PAGE,
    Chat,
    ChatChange,
    ChatSummary,
    Folder,
    FolderName,
    Id,
    NewChat,
    Place,
)
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["chats"])
    chats, bus = services.chats, services.bus

    @router.get("/chats", summary="A page of the list of chats, the newest first")
    def list_chats(
        place: Annotated[Place | None, Query(description="pinned, loose (in no folder) or folder:ID; else all")] = None,
        before: Annotated[
            float | None, Query(allow_inf_nan=False, description="`updated` of the last chat of the page before")
        ] = None,
        before_id: Annotated[Id | None, Query(description="and its `id`")] = None,
        limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = PAGE,
    ) -> list[ChatSummary]:
        after = None if before is None else (before, before_id or "")
        return chats.listed(place, after, limit)

    @router.get("/deleted-chats", summary="The chats that were deleted last, and can be restored")
    def list_deleted(limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = LONGEST_PAGE) -> list[ChatSummary]:
        return chats.deleted(limit)

    @router.post("/chats", status_code=201, summary="Make a chat")
    def add_chat(new: NewChat) -> Chat:
        chat = chats.add(new)
        bus.publish("chats", chat.id)
        return chat

    @router.get("/chats/{id}", summary="A chat with its messages")
    def read_chat(id: str) -> Chat:
        return chats.chat(id)

    @router.get("/chats/{id}/summary", summary="A chat as the list has it, without its messages")
    def summarise_chat(id: str) -> ChatSummary:
        return chats.summary(id)

    @router.patch("/chats/{id}", summary="Change a chat")
    def change_chat(id: str, change: ChatChange) -> Chat:
        chat = chats.change(id, change)
        bus.publish("chats", id)
        return chat

    @router.delete("/chats/{id}", status_code=204, summary="Delete a chat; for 30 days, that can be undone")
    async def remove_chat(id: str) -> None:
        chats.hide(id)
        await services.jobs.stop_of(id)
        bus.publish("chats", id)

    @router.post("/chats/{id}/restore", summary="Undo the deletion of a chat")
    def restore_chat(id: str) -> ChatSummary:
        chat = chats.restore(id)
        bus.publish("chats", id)
        return chat

    @router.get("/chat-folders", summary="The folders that chats are in")
    def list_folders() -> list[Folder]:
        return chats.folders()

    @router.post("/chat-folders", status_code=201, summary="Make a folder")
    def add_folder(new: FolderName) -> Folder:
        folder = chats.add_folder(new.name)
        bus.publish("chats")
        return folder

    @router.patch("/chat-folders/{id}", summary="Rename a folder")
    def rename_folder(id: str, change: FolderName) -> Folder:
        folder = chats.rename_folder(id, change.name)
        bus.publish("chats")
        return folder

    @router.delete("/chat-folders/{id}", status_code=204, summary="Delete a folder; its chats stay, in no folder")
    def remove_folder(id: str) -> None:
        chats.remove_folder(id)
        bus.publish("chats")

    @router.post("/chat-folders/{id}/restore", summary="Undo the deletion of a folder; for 30 days, that can be done")
    def restore_folder(id: str) -> Folder:
        folder = chats.restore_folder(id)
        bus.publish("chats")
        return folder

    return router
