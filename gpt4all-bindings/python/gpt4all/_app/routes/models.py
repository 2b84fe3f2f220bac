"""/models, /downloads: the models on this machine, and getting others."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from ..._server.errors import RequestError
from ..._server.ollama.changes import check_source
from ...models import DownloadError, HuggingFaceSource, find, models_folder
from ...models._names import parse
from ..files.attached import decoded
from ..files.browse import resolved, roots
from ..models import hosts, hub
from ..models.fit import Machine
from ..models.installed import Installed
from ..schemas.models import (
    CatalogueModel,
    Download,
    HubFile,
    ImportPath,
    InstalledModel,
    NewDownload,
    UploadPiece,
)
from ..services import Services


def routes(services: Services) -> APIRouter:
    """The path operations."""
    router = APIRouter(tags=["Models"])
    installed, downloads = services.installed, services.downloads

    @router.get("/models", summary="List the models on this machine")
    async def list_models() -> list[InstalledModel]:
        return await installed.all()

    @router.get("/models/catalogue", summary="List the models that can be downloaded by name")
    def list_catalogue() -> list[CatalogueModel]:
        return Installed.catalogue()

    @router.get("/models/hub", summary="Search the hub for files of models")
    def search_hub(q: str) -> list[HubFile]:
        if not q.strip() or len(q) > 200:
            raise RequestError(400, "q must have from 1 to 200 characters", code="invalid_request", param="q")
        try:
            return hub.search(q.strip(), hosts.settings(), Machine.here(models_folder()))
        except DownloadError as error:
            raise RequestError(502, error.message, kind="server_error", code="hub_unavailable") from None

    @router.post("/models/import", status_code=202, summary="Copy a model's file to the others")
    def import_model(new: ImportPath) -> Download:
        return downloads.take(resolved(new.path, roots(services.preferences.values().folders)))

    @router.post("/models/upload", summary="Send a model's file, piece by piece")
    def upload_model(piece: UploadPiece) -> Download:
        return downloads.receive(piece.name, piece.size, piece.offset, decoded(piece.data))

    @router.post("/models/{model:path}/open", status_code=202, summary="Open a model; GET /models tells when it is")
    async def open_model(model: str) -> None:
        await run_in_threadpool(services.inference.store.find, model)
        installed.open(model)

    @router.post("/models/{model:path}/close", status_code=204, summary="Close a model")
    async def close_model(model: str) -> None:
        await installed.close(model)

    @router.delete("/models/{model:path}", status_code=204, summary="Delete a model's file")
    async def delete_model(model: str) -> None:
        await installed.remove(model)

    @router.get("/downloads", summary="List downloads")
    def list_downloads() -> list[Download]:
        return downloads.all()

    @router.post("/downloads", status_code=202, summary="Download a model, or go on with its download")
    def add_download(new: NewDownload) -> Download:
        return downloads.add(_wanted(new))

    @router.post("/downloads/{id}/pause", summary="Stop a download; what has come is kept")
    def pause_download(id: str) -> Download:
        return downloads.pause(id)

    @router.post("/downloads/{id}/resume", summary="Go on with a download")
    def resume_download(id: str) -> Download:
        return downloads.resume(id)

    @router.delete("/downloads/{id}", status_code=204, summary="Forget a download, and what has come of it")
    def delete_download(id: str) -> None:
        downloads.remove(id)

    return router


def _wanted(new: NewDownload) -> str:
    """The name to download by. Raises RequestError 400 for what comes neither from the catalogue nor from the hub."""
    if new.model is None and (new.repository is None or new.file is None):
        raise RequestError(400, "give a model, or a repository and a file", code="invalid_request", param="model")
    name = new.model or str(HuggingFaceSource(new.repository or "", new.file or ""))
    check_source(name)
    if find(name) is None and not name.startswith("hf://"):
        raise RequestError(404, f"there is no model {name[:200]!r} in the catalogue", code="model_not_found")
    parse(name)  # raises for a name that leads elsewhere
    entry = find(name)
    return entry.file if entry else name
