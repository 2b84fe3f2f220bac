"""The application itself: its state, its server, its events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Model


class Confirmation(Model):
    """That a person was asked."""

    confirm: Literal[True]


class Token(Model):
    """The token that the program put into the page's address."""

    token: str = Field(max_length=500)


class Hardware(Model):
    """The machine, as far as models are concerned. memory_free_bytes: what programs can still have; None: unknown."""

    processor: str
    cores: int
    memory_bytes: int | None
    memory_free_bytes: int | None
    gpus: list[str]


class AppState(Model):
    """first_run: whether there is no chat yet. documents: whether the extra `documents` is installed."""

    version: str
    first_run: bool
    data_folder: str
    documents: bool
    hardware: Hardware
    default_model: str | None
    language: str | None


class Diagnostics(Model):
    """A report without what anybody wrote, asked or filed."""

    text: str


class Key(Model):
    """An API key. prefix: its beginning, to tell it from others."""

    id: str
    name: str
    created: float
    prefix: str


class NewKey(Model):
    name: str = Field(min_length=1, max_length=200)


class MadeKey(Model):
    """The key itself, which is told this once."""

    id: str
    key: str


class ServerRequest(Model):
    """A request that was answered. ms: how long that took."""

    time: float
    method: str
    path: str
    status: int
    ms: int


class ServerState(Model):
    """addresses: where the APIs are. requests: the latest."""

    addresses: list[str]
    keys: list[Key]
    requests: list[ServerRequest]


class Change(Model):
    """Something changed: fetch it again."""

    type: Literal["chats", "models", "downloads", "collections", "settings"]
    id: str | None = None
