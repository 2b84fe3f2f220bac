"""/collections, /documents: the person's documents, searching them, and showing where something is written."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from fastapi import APIRouter

from ..._errors import ModelNotFoundError
from ..._server.errors import RequestError
from ...documents import Documents, File, UnreadableError
from ..chats.evidence import evidence_of, reranking_of
from ..documents.naming import rename_in_settings
from ..files.browse import resolved, roots
from ..schemas.documents import (
    Collection,
    CollectionChange,
    DocumentFile,
    DocumentFiles,
    DocumentSearch,
    DocumentsFound,
    EmbeddingChange,
    EmbeddingEstimate,
    EmbeddingModel,
    FileState,
    NewCollection,
    PagePicture,
    TextAround,
    TextBlock,
    ViewedFile,
)
from ..services import Services

LONGEST_SPAN = 200_000
"""Characters of a passage that is shown."""


def routes(services: Services) -> APIRouter:
    """The path operations. They run in threads, as reading and searching do."""
    router = APIRouter(tags=["Documents"])
    library = services.library

    def collection(name: str) -> Collection:
        for each in library.indexing().collections():
            if each.name == name:
                return each
        raise RequestError(404, f"there is no collection {name[:200]!r}", code="collection_not_found")

    # ---------------------------------------------------------------------------------------------------- collections

    @router.get("/collections", summary="List the collections, and how far they are read")
    def list_collections() -> list[Collection]:
        return library.indexing().collections()

    @router.post("/collections", status_code=201, summary="Add a folder to a collection, and begin to read it")
    def add_collection(new: NewCollection) -> Collection:
        folder = resolved(new.folder, roots(services.preferences.values().folders))
        library.documents().add(new.name, folder, exclude=new.exclude)
        library.indexing().go_on()
        services.bus.publish("collections", new.name)
        return collection(new.name)

    @router.patch("/collections/{name}", summary="Rename a collection, also in the settings that name it")
    def rename_collection(name: str, change: CollectionChange) -> Collection:
        collection(name)
        library.documents().rename(name, change.name)
        library.indexing().renamed(name, change.name)
        rename_in_settings(services.database, name, change.name)
        services.bus.publish("collections", change.name)
        services.bus.publish("chats")
        return collection(change.name)

    @router.delete("/collections/{name}", status_code=204, summary="Forget a collection; its files stay")
    def delete_collection(name: str) -> None:
        collection(name)
        library.documents().remove(name)
        library.indexing().renew()
        services.bus.publish("collections", name)

    @router.post("/collections/{name}/index", status_code=202, summary="Look for changes now")
    def index_collection(name: str) -> Collection:
        return resumed(name)

    @router.post("/collections/{name}/pause", summary="Leave a collection as it is until it is resumed")
    def pause_collection(name: str) -> Collection:
        collection(name)
        library.documents().pause(name)
        library.indexing().renew()
        services.bus.publish("collections", name)
        return collection(name)

    @router.post("/collections/{name}/resume", status_code=202, summary="Go on with a collection")
    def resume_collection(name: str) -> Collection:
        return resumed(name)

    def resumed(name: str) -> Collection:
        collection(name)
        library.documents().resume(name)
        library.indexing().go_on()
        services.bus.publish("collections", name)
        return collection(name)

    @router.get("/collections/{name}/files", summary="List a collection's files, and why some cannot be read")
    def list_files(
        name: str, state: FileState | None = None, q: str = "", limit: int = 200, offset: int = 0
    ) -> DocumentFiles:
        collection(name)
        if not 1 <= limit <= 1000 or offset < 0:
            raise RequestError(400, "limit must be from 1 to 1000, and offset not negative", code="invalid_request")
        wanted = q.casefold()
        files = [each for each in library.documents().files(name, state=state) if wanted in str(each.path).casefold()]
        return DocumentFiles(total=len(files), files=[_listed(each) for each in files[offset : offset + limit]])

    # --------------------------------------------------------------------------------------------------------- search

    @router.post("/documents/search", summary="Search documents, and see why each passage was found")
    def search_documents(asked: DocumentSearch) -> DocumentsFound:
        try:
            found = library.searchable().search(
                asked.question, asked.collections, before=asked.before, limit=asked.limit, whole=False
            )
        except ModelNotFoundError as error:
            if "collection" not in error.detail:
                raise
            raise RequestError(404, error.message, code="collection_not_found", param="collections") from None
        return DocumentsFound(
            passages=[evidence_of(passage) for passage in found.passages],
            answerable=found.answerable,
            relevance=found.relevance,
            threshold=found.threshold,
            whole=found.whole,
            files=found.files,
            chunks=found.chunks,
            seconds=found.seconds,
            reranking=reranking_of(found),
        )

    @router.get("/documents/model", summary="The model that documents are embedded by, and what another would take")
    def embedding_model() -> EmbeddingModel:
        estimate = library.documents().estimate()
        return EmbeddingModel(
            model=library.embed_model,
            choices=services.installed.embedding_models(),
            estimate=EmbeddingEstimate(files=estimate.files, chunks=estimate.chunks, seconds=estimate.seconds),
        )

    @router.put("/documents/model", summary="Have all documents embedded by another model, once that is confirmed")
    def change_embedding_model(change: EmbeddingChange) -> EmbeddingModel:
        estimate = library.documents().estimate()
        if change.model != library.embed_model and estimate.chunks and not change.confirmed:
            took = f", about {estimate.seconds:.0f} s," if estimate.seconds is not None else ""
            raise RequestError(
                409,
                f"{estimate.chunks:,} chunks of {estimate.files:,} files would be embedded anew{took} by "
                f"{change.model}; confirm that",
                code="confirmation_needed",
                param="confirmed",
            )
        library.change_model(change.model)
        services.bus.publish("collections")
        return embedding_model()

    # -------------------------------------------------------------------------------------------------------- viewing

    def file(id: str) -> tuple[Documents, File]:
        documents = library.documents()
        try:
            return documents, documents.file(int(id) if id.isascii() and id.isdigit() and len(id) < 19 else -1)
        except ModelNotFoundError:
            raise RequestError(
                404, "this file belongs to no collection any more; what was cited of it is kept", code="file_not_found"
            ) from None

    @router.get("/documents/files/{id}", summary="A file, and whether it was changed since it was read")
    def view_file(id: str, sha256: str | None = None) -> ViewedFile:
        _, found = file(id)
        now = found.compared(sha256)
        return ViewedFile(
            id=str(found.id),
            collection=found.collection,
            path=str(found.path),
            title=found.title or found.path.name,
            pages=found.pages,
            format=found.format,
            changed=now == "changed",
            missing=now == "missing",
        )

    @router.get("/documents/files/{id}/pages/{number}", summary="A page of a PDF as a picture, with a passage marked")
    def view_page(
        id: str, number: int, start: int = 0, end: int = 0, width: int = 1200, sha256: str | None = None
    ) -> PagePicture:
        documents, found = file(id)
        if sha256 is not None and sha256 != found.sha256:
            start = end = 0  # of a file that is another by now, wrong words would be marked
        if not 0 <= start <= end or end - start > LONGEST_SPAN:
            raise RequestError(
                400, f"from start to end are at most {LONGEST_SPAN:,} characters", code="invalid_request"
            )
        with _told():
            page = documents.page(found.id, number, start=start, end=end, width=width)
        return PagePicture(
            width=page.width,
            height=page.height,
            image=f"data:image/png;base64,{base64.b64encode(page.png).decode('ascii')}",
            marks=[list(mark) for mark in page.marks],
        )

    @router.get("/documents/files/{id}/text", summary="What a file says around a passage")
    def view_text(id: str, start: int = 0, end: int = 0, around: int = 2000, sha256: str | None = None) -> TextAround:
        documents, found = file(id)
        if sha256 is not None and sha256 != found.sha256:
            raise RequestError(
                409,
                f"{found.path} was changed since, and read again; what was cited of it is kept with the answer",
                code="file_changed",
            )
        if not 0 <= start <= end or end - start > LONGEST_SPAN:
            raise RequestError(
                400, f"from start to end are at most {LONGEST_SPAN:,} characters", code="invalid_request"
            )
        with _told():
            shown = documents.text(found.id, start=start, end=end, around=around)
        blocks = [
            TextBlock(
                kind=block.kind,
                level=max(len(block.headings), 1) if block.kind == "heading" else 0,
                start=block.start,
                end=block.end,
                page=block.page,
            )
            for block in shown.blocks
        ]
        return TextAround(
            start=shown.start, end=shown.end, total=shown.total, text=shown.text, blocks=blocks, current=shown.current
        )

    @router.post("/documents/files/{id}/reveal", status_code=204, summary="Open a file's folder in the file manager")
    def reveal_file(id: str) -> None:
        _, found = file(id)
        if not found.path.parent.is_dir():
            raise RequestError(404, f"{found.path.parent} is not there any more", code="file_not_found")
        _reveal(found.path.parent)

    return router


def _listed(each: File) -> DocumentFile:
    return DocumentFile.model_validate(
        {
            "id": str(each.id),
            "path": str(each.path),
            "size": each.size,
            "state": each.state,
            "reason": each.reason.value if each.reason else None,
            "message": each.message,
            "pages": each.pages,
        }
    )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turns what a file cannot be shown for into an answer."""
    try:
        yield
    except UnreadableError as error:
        raise RequestError(409, error.message, code=f"file_{error.reason.value}") from None


def _reveal(folder: Path) -> None:
    """Only a folder is opened, never a file: that would run whatever program its name stands for."""
    if sys.platform == "win32":
        os.startfile(folder)
        return
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if program is None:
        raise RequestError(501, f"there is no file manager to show {folder} in", code="no_file_manager")
    subprocess.Popen(
        [program, str(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
