"""Whether a model suits this machine, and why, before anything is downloaded or opened."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..._model import devices
from ...models import DEFAULT_MODEL, CatalogueEntry
from ..codes import FitReason
from ..schemas.models import Fit, Verdict

MOST = 0.9
"""The part of a machine's memory that a model may need at most: the system needs some."""

MUCH = 0.7
"""The part from which other programs are short of it."""

BESIDE_WEIGHTS = 1.15
"""Memory for each byte of a file of which nothing else is known: weights, and what is computed of the text."""


@dataclass(frozen=True)
class Gpu:
    """A graphics card. free: bytes."""

    name: str
    free: int


@dataclass(frozen=True)
class Machine:
    """What models can have of a machine, in bytes; None where it is not known. disk: where models are downloaded to."""

    memory: int | None
    free: int | None
    disk: int | None = None
    gpus: tuple[Gpu, ...] = ()

    @classmethod
    def here(cls, folder: Path) -> Machine:
        """This one, now. folder: that of the models, which need not be there yet."""
        found = devices()
        memory = found.get("memory", {})
        gpus = tuple(
            Gpu(device["description"], device["memory_free"])
            for device in found["devices"]
            if device["type"] == "gpu" and device.get("memory_free")
        )
        return cls(memory.get("total"), memory.get("available"), _disk(folder), gpus)


def _disk(folder: Path) -> int | None:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def fit(needed: int, machine: Machine, download: int = 0) -> Fit:
    """needed: bytes of memory of the open model. download: bytes that are to be fetched first."""
    if machine.disk is not None and download > machine.disk:
        return _fit("no", FitReason.DISK, download=download, free=machine.disk)
    for gpu in machine.gpus:
        if needed <= gpu.free:
            return _fit("good", FitReason.GPU, needed=needed, gpu=gpu.name, free=gpu.free)
    if machine.memory is None:
        return _fit("tight", FitReason.MEMORY_UNKNOWN, needed=needed)
    if needed > MOST * machine.memory:
        return _fit("no", FitReason.MEMORY_EXCEEDED, needed=needed, total=machine.memory)
    if machine.free is not None and needed > machine.free:
        return _fit("tight", FitReason.MEMORY_TAKEN, needed=needed, free=machine.free)
    if needed > MUCH * machine.memory:
        return _fit("tight", FitReason.MEMORY_MOSTLY, needed=needed, total=machine.memory)
    if machine.free is None:
        return _fit("good", FitReason.MEMORY, needed=needed, total=machine.memory)
    return _fit("good", FitReason.MEMORY_FREE, needed=needed, total=machine.memory, free=machine.free)


def _fit(verdict: Verdict, reason: FitReason, **values: int | str) -> Fit:
    said = {name: value if isinstance(value, str) else gb(value) for name, value in values.items()}
    return Fit(verdict=verdict, reason=reason.text(**said), code=reason.code, values=values)


def needed_by(entry: CatalogueEntry) -> int:
    """Memory for a model of the catalogue, which states it in coarse steps: at least its weights."""
    return int(max(entry.size * BESIDE_WEIGHTS, min(entry.ram_gb * 2**30, entry.size * 1.6)))


def needed_by_file(size: int) -> int:
    """Memory for a file of which only the size is known."""
    return int(size * BESIDE_WEIGHTS)


def recommended(entries: Sequence[CatalogueEntry], machine: Machine) -> list[str]:
    """Files of three chat models for somebody who has none: the best that suits the machine, one that is quicker, and
    the smallest."""
    chats = [entry for entry in entries if entry.kind == "chat"]
    good = [entry for entry in chats if fit(needed_by(entry), machine, entry.size).verdict == "good"]
    # Of those of the same size, the first, which the catalogue puts the newest at.
    chosen = [DEFAULT_MODEL] if any(entry.file == DEFAULT_MODEL for entry in chats) else []
    best = max(good, key=lambda entry: entry.parameters, default=None)
    if best is not None:
        quicker = [entry for entry in good if entry.parameters <= best.parameters / 2]
        middle = max(quicker, key=lambda entry: entry.parameters, default=None)
        chosen = [best.file, *([middle.file] if middle else []), *chosen]
    return list(dict.fromkeys(chosen))


def gb(count: int) -> str:
    """As people write it."""
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.0f} MB"
