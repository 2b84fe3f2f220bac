"""Chats and their folders."""

from __future__ import annotations

from fastapi import APIRouter

from ..schemas.chats import Chat, ChatChange, ChatSummary, Folder, FolderName, NewChat
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["chats"])
    chats, bus = services.chats, services.bus

    @router.get("/chats", summary="All chats, the newest first; or those that were deleted, and can be restored")
    def list_chats(deleted: bool = False) -> list[ChatSummary]:
        return chats.deleted() if deleted else chats.listed()

    @router.post("/chats", status_code=201, summary="Make a chat")
    def add_chat(new: NewChat) -> Chat:
        chat = chats.add(new)
        bus.publish("chats", chat.id)
        return chat

    @router.get("/chats/{id}", summary="A chat with its messages")
    def read_chat(id: str) -> Chat:
        return chats.chat(id)

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

    @router.delete("/chat-folders/{id}", status_code=204, summary="Delete a folder; its chats stay")
    def remove_folder(id: str) -> None:
        chats.remove_folder(id)
        bus.publish("chats")

    return router
