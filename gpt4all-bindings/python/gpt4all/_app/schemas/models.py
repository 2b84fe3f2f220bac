"""Models that are installed, that can be had, and that are on their way."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..codes import FitReason
from .base import Error, Model

ModelKind = Literal["chat", "embedding", "reranker", "other"]
ModelState = Literal["closed", "opening", "open", "failed"]
Verdict = Literal["good", "tight", "no"]
DownloadState = Literal["queued", "running", "paused", "verifying", "done", "failed"]


class Fit(Model):
    """Whether a model suits this machine. tight: it fits only while little else runs.

    reason: why, in English. code, values: the same in no language; numbers are bytes.
    """

    verdict: Verdict
    reason: str
    code: str = Field(json_schema_extra=FitReason.known())
    values: dict[str, int | str]


class InstalledModel(Model):
    """A model on this machine.

    size, memory_bytes: of its file, and of memory when it is open; None: unknown. resident_bytes: of memory that its
    process has now; None: it is closed, or the system does not tell.
    context: tokens that it was trained for. progress: of opening it, from 0 to 1. error: why it could not be opened.
    source: where it was downloaded from.
    """

    id: str
    name: str
    file: str
    size: int
    kind: ModelKind
    parameters: int | None
    quantization: str | None
    context: int | None
    images: bool
    memory_bytes: int | None
    resident_bytes: int | None
    fit: Fit
    state: ModelState
    progress: float
    error: Error | None
    source: str | None
    licence: str | None


class CatalogueModel(Model):
    """A model that can be downloaded by its name. memory_bytes: that a machine for it should have."""

    id: str
    name: str
    file: str
    size: int
    kind: ModelKind
    parameters: int
    quantization: str
    context: int
    images: bool
    memory_bytes: int
    fit: Fit
    source: str | None
    licence: str
    licence_url: str
    commercial_use: bool | None
    description: str
    download_bytes: int
    installed: bool
    recommended: bool


class HubFile(Model):
    """A model's file in a repository of the hub. model: the name to download it by."""

    model: str
    repository: str
    file: str
    size: int
    downloads: int
    fit: Fit


class NewDownload(Model):
    """A model of the catalogue by its name, or a file in a repository of the hub."""

    model: str | None = Field(None, min_length=1, max_length=500)
    repository: str | None = Field(None, min_length=1, max_length=300)
    file: str | None = Field(None, min_length=1, max_length=500)


class Download(Model):
    """A model on its way. received, total: bytes; total: None while it is not known. error: why it failed."""

    id: str
    name: str
    state: DownloadState
    received: int
    total: int | None
    bytes_per_second: float | None
    seconds_left: float | None
    error: Error | None


class UploadPiece(Model):
    """The next piece of a model's file, which a page has and knows no path of.

    size: of the whole file. offset: what has come before; 0 begins anew. data: in base64.
    """

    name: str = Field(min_length=1, max_length=300)
    size: int = Field(ge=1, le=1 << 50)
    offset: int = Field(ge=0)
    data: str = Field(max_length=16 << 20)


class ImportPath(Model):
    """A model's file on this machine, as browsing gives its path."""

    path: str = Field(min_length=1, max_length=4096)
