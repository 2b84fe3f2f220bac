"""Collections of documents, their files, and what is in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Error, Model
from .chats import Evidence, Reranking

CollectionName = Annotated[str, Field(min_length=1, max_length=200)]
FileState = Literal["ready", "pending", "unreadable", "missing"]


class FileStates(Model):
    """How many files there are in each state."""

    ready: int = 0
    pending: int = 0
    unreadable: int = 0
    missing: int = 0


class IndexingState(Model):
    """How far the reading of a collection is.

    done, total: files that are new or changed. file: the one that is worked on. error: why it failed.
    state: "waiting" while an answer is written, which goes first.
    """

    state: Literal["idle", "running", "waiting", "paused", "failed"]
    done: int
    total: int
    file: str | None
    chunks_per_second: float | None
    seconds_left: float | None
    error: Error | None


class Collection(Model):
    """Folders that are searched together. embedded: how many of the chunks have a vector."""

    name: str
    folders: list[str]
    embed_model: str
    states: FileStates
    chunks: int
    embedded: int
    indexing: IndexingState


class NewCollection(Model):
    """A folder for a collection, which is made if there is none of that name. exclude: patterns as in .gitignore."""

    name: CollectionName
    folder: str = Field(min_length=1, max_length=4096)
    exclude: list[Annotated[str, Field(max_length=500)]] = Field(default_factory=list, max_length=200)


class CollectionChange(Model):
    """name: the one that it gets."""

    name: CollectionName


class DocumentFile(Model):
    """A file of a collection. reason: why it cannot be read, for programs; message: for people."""

    id: str
    path: str
    size: int
    state: FileState
    reason: str | None
    message: str | None
    pages: int | None


class DocumentFiles(Model):
    """total: how many there are that match, of which some are given."""

    total: int
    files: list[DocumentFile]


class DocumentSearch(Model):
    """before: the question before this one. collections: None for all."""

    question: str = Field(min_length=1, max_length=20_000)
    before: str | None = Field(None, max_length=20_000)
    collections: list[CollectionName] | None = Field(None, max_length=100)
    limit: int = Field(8, ge=1, le=100)


class DocumentsFound(Model):
    """What a search found. files, chunks: how many were searched. reranking: null without a reranker."""

    passages: list[Evidence]
    answerable: bool
    relevance: float
    threshold: float
    whole: bool
    files: int
    chunks: int
    seconds: float
    reranking: Reranking | None


class ViewedFile(Model):
    """A file to be looked at. changed, missing: since the passage, or else the file, was read."""

    id: str
    collection: str
    path: str
    title: str
    pages: int | None
    format: str | None
    changed: bool
    missing: bool


class PagePicture(Model):
    """A page of a PDF. image: a data: URL. marks: left, top, width and height in parts of the page's."""

    width: int
    height: int
    image: str
    marks: list[Annotated[list[float], Field(min_length=4, max_length=4)]]


class TextBlock(Model):
    """A part of a text. level: of a heading, from 1; 0 for others."""

    kind: Literal["heading", "paragraph", "code", "table"]
    level: int
    start: int
    end: int
    page: int | None


class TextAround(Model):
    """Text around a passage. start, end, and those of blocks: characters in the document's text, of which total is the
    length. current: whether it is the file's as it is now, rather than what was read of it before."""

    start: int
    end: int
    total: int
    text: str
    blocks: list[TextBlock]
    current: bool


class EmbeddingEstimate(Model):
    """What embedding all documents anew would take. seconds: None if the speed is not known yet."""

    files: int
    chunks: int
    seconds: float | None


class EmbeddingModel(Model):
    """model: that documents are embedded with. choices: ids of models that could be. estimate: what a change takes."""

    model: str
    choices: list[str]
    estimate: EmbeddingEstimate


class EmbeddingChange(Model):
    """confirmed: whether the person agreed to have all documents embedded anew."""

    model: str = Field(min_length=1, max_length=500)
    confirmed: bool = False
