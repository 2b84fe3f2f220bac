"""The models on this machine: what they are, whether they are open, and why one could not be opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ... import models
from ..._errors import LLModelError
from ..._server.errors import RequestError, failure_of
from ..._server.inference import Inference, resident_bytes
from ..._server.ollama.description import inspected
from ..._server.store import StoredModel
from ...models import CatalogueEntry, DownloadError
from ...models._records import Record
from ..codes import Remedy
from ..documents.reranker import find_reranker
from ..failures import error_of
from ..schemas.base import Error, RemedyCode
from ..schemas.models import CatalogueModel, InstalledModel, ModelKind, ModelState
from .fit import Machine, fit, needed_by, needed_by_file, recommended

_REMEDIES = (Remedy.TRY_AGAIN, Remedy.DOWNLOAD_AGAIN_DAMAGED, Remedy.CHOOSE_OTHER_MODEL)


class Installed:
    """For one event loop. changed: called with a model's id when its state is another."""

    def __init__(self, inference: Inference, changed: Callable[[str], None]) -> None:
        self._inference = inference
        self._changed = changed
        self._failures: dict[str, Error] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}

    # ---------------------------------------------------------------------------------------------------------- lists

    async def all(self) -> list[InstalledModel]:
        """All of them, by name."""
        pool = self._inference.pool
        stored = await asyncio.to_thread(self._inference.store.list)
        states = {model.id: self._state(model, {slot.path for slot in pool.slots}) for model in stored}
        failures = dict(self._failures)
        processes = {slot.path: slot.worker.pid for slot in pool.slots if slot.worker is not None}

        def described() -> list[InstalledModel]:
            machine = Machine.here(models.models_folder())
            made = []
            for model in stored:
                pid = processes.get(str(model.path))
                resident = None if pid is None else resident_bytes(pid)
                made.append(_described(model, machine, *states[model.id], failures.get(model.id), resident))
            return made

        return await asyncio.to_thread(described)

    def _state(self, model: StoredModel, open: set[str]) -> tuple[ModelState, float]:
        if str(model.path) in open:
            return "open", 1.0
        progress = self._inference.pool.progress(model.path)
        if progress is not None or model.id in self._opening:
            return "opening", progress or 0.0
        return "closed", 0.0

    def embedding_models(self) -> list[str]:
        """The ids of those that make embeddings. In a thread: files are looked into."""
        return [model.id for model in self._inference.store.list() if _is_embedding(model)]

    def check_reranker(self, name: str) -> None:
        """Raises RequestError 409 unless it is here and can rerank."""
        model = find_reranker(self._inference.store, name)
        if _kind(inspected(model), model.entry) != "reranker":
            raise RequestError(
                409, f"{model.id} cannot rerank; choose another, or none", code="not_a_reranker", param="reranker"
            )

    @staticmethod
    def catalogue() -> list[CatalogueModel]:
        """What can be downloaded, what suits this machine best first."""
        machine = Machine.here(models.models_folder())
        here = {model.entry.file for model in models.list_cached() if model.entry is not None}
        entries = models.catalogue()
        best = recommended(entries, machine)
        return [_offered(entry, machine, entry.file in here, entry.file in best) for entry in entries]

    # ------------------------------------------------------------------------------------------------ opening, closing

    def open(self, name: str) -> None:
        """Begins to open a model; all() tells what becomes of it. Raises RequestError 404."""
        model = self._inference.store.find(name)
        if model.id in self._opening:
            return
        self._failures.pop(model.id, None)
        task = asyncio.get_running_loop().create_task(self._open(model))
        self._opening[model.id] = task
        self._changed(model.id)

    async def _open(self, model: StoredModel) -> None:
        try:
            async with self._inference.pool.use(model.path):
                pass
        except (LLModelError, RequestError) as error:
            machine = await asyncio.to_thread(Machine.here, models.models_folder())
            self._failures[model.id] = open_error(error, machine)
        finally:
            del self._opening[model.id]
            self._changed(model.id)

    async def close(self, name: str) -> None:
        """Closes a model as soon as it does not answer any more. Raises RequestError 404."""
        model = await asyncio.to_thread(self._inference.store.find, name)
        self._failures.pop(model.id, None)
        await self._inference.pool.unload(model.path)
        self._changed(model.id)

    async def remove(self, name: str) -> None:
        """Deletes a model's file. Raises RequestError 404; 409 while it is used."""
        model = await asyncio.to_thread(self._inference.store.find, name)
        if any(slot.users for slot in self._inference.pool.slots if slot.path == str(model.path)):
            raise RequestError(
                409, f"{model.id} is answering; stop that first, or wait for its end", code="busy", param="model"
            )
        await self._inference.pool.unload(model.path)
        try:
            await asyncio.to_thread(models.remove, model.path)
        except DownloadError as error:
            raise RequestError(409, error.message, code="not_removed") from None
        finally:
            self._inference.store.renew()
            self._failures.pop(model.id, None)
            self._changed(model.id)

    async def end(self) -> None:
        """Gives up what is being opened."""
        for task in list(self._opening.values()):
            task.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)


def _described(
    model: StoredModel,
    machine: Machine,
    state: ModelState,
    progress: float,
    failure: Error | None,
    resident: int | None,
) -> InstalledModel:
    broken: Error | None = None
    try:
        info: Mapping[str, Any] = inspected(model)
    except LLModelError as error:
        info, broken = {}, open_error(error, machine)
    entry = model.entry
    memory = info.get("memory", {}).get("total")
    told = broken or failure
    if told is not None and state == "closed":
        state = "failed"
    return InstalledModel(
        id=model.id,
        name=entry.name if entry else info.get("name") or Path(model.id).stem,
        file=str(model.path),
        size=info.get("size", model.size),
        kind=_kind(info, entry),
        parameters=info.get("n_params") or (entry.parameters if entry else None),
        quantization=info.get("quantization") or (entry.quantization if entry else None),
        context=info.get("n_ctx_train") or (entry.context_length if entry else None),
        images=False,  # the engine takes none yet
        memory_bytes=memory,
        resident_bytes=resident if state == "open" else None,
        fit=fit(memory or needed_by_file(model.size), machine),
        state=state,
        progress=progress,
        error=told if state == "failed" else None,
        source=_source(model),
        licence=entry.license.name if entry else info.get("license"),
    )


def _is_embedding(model: StoredModel) -> bool:
    try:
        return _kind(inspected(model), model.entry) == "embedding"
    except LLModelError:
        return False


def open_error(error: BaseException, machine: Machine) -> Error:
    """Why a model could not be opened, and three things to do about it."""
    told = error_of(failure_of(error))
    remedies = [*told.remedy_codes]
    if told.code == "out_of_memory" and (smaller := _smaller(machine)) is not None:
        remedies[:1] = [RemedyCode.of(Remedy.CHOOSE_SMALLER_NAMED, model=smaller)]
    others = [remedy for remedy in map(RemedyCode.of, _REMEDIES) if remedy not in remedies]
    return told.with_remedies([*remedies, *others[: max(0, 3 - len(remedies))]])


def _smaller(machine: Machine) -> str | None:
    """The largest model of the catalogue that suits what is free."""
    good = [
        entry
        for entry in models.catalogue()
        if entry.kind == "chat" and fit(needed_by(entry), machine).verdict == "good"
    ]
    return max(good, key=lambda entry: entry.parameters).name if good else None


def _kind(info: Mapping[str, Any], entry: CatalogueEntry | None) -> ModelKind:
    able = info.get("capabilities", {})
    if able.get("rerank"):  # some could generate text as well, but were not trained to
        return "reranker"
    if able.get("generate"):
        return "chat"
    if able.get("embed"):
        return "embedding"
    if entry is None:
        return "other"
    return "embedding" if entry.kind == "embedding" else "chat"


def _source(model: StoredModel) -> str | None:
    record = Record.of(model.path)
    return record.source if record else None


def _offered(entry: CatalogueEntry, machine: Machine, installed: bool, best: bool) -> CatalogueModel:
    needed = needed_by(entry)
    return CatalogueModel(
        id=entry.file,
        name=entry.name,
        file=entry.file,
        size=entry.size,
        kind="embedding" if entry.kind == "embedding" else "chat",
        parameters=entry.parameters,
        quantization=entry.quantization,
        context=entry.context_length,
        images=False,
        memory_bytes=needed,
        fit=fit(needed, machine, 0 if installed else entry.size),
        source=str(entry.sources[0]),
        licence=entry.license.name,
        licence_url=entry.license.url,
        commercial_use=entry.license.commercial_use,
        description=entry.description,
        download_bytes=entry.size,
        installed=installed,
        recommended=best,
    )
