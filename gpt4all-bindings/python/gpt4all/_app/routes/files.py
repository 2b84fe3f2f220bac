"""/browse, /attachments: files of this machine to choose, and files that are given with messages."""

from __future__ import annotations

from fastapi import APIRouter

from ..files.attached import attached, decoded
from ..files.browse import browse, roots
from ..schemas.chats import Attachment
from ..schemas.files import Browsed, NewAttachment
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Files"])

    @router.get("/browse", summary="Look into a folder of this machine")
    def browse_folder(path: str | None = None) -> Browsed:
        return browse(path, roots(services.preferences.values().folders))

    @router.post("/attachments", summary="Give a file, to be sent with a message")
    def add_attachment(new: NewAttachment) -> Attachment:
        read = attached(new.name, decoded(new.data), services.folder)
        return services.chats.add_attachment(read.name, "text", read.size, read.text, read.pages)

    return router
