"""Folders of this machine to choose from, and files that are given with messages."""

from __future__ import annotations

from pydantic import Field

from .base import Model


class BrowsedEntry(Model):
    """A file or folder."""

    name: str
    path: str
    folder: bool
    size: int | None


class Browsed(Model):
    """A folder's content. parent: None at a root. roots: where one may look. truncated: whether there is more."""

    path: str
    parent: str | None
    roots: list[str]
    entries: list[BrowsedEntry]
    truncated: bool


class NewAttachment(Model):
    """data: the file in base64."""

    name: str = Field(min_length=1, max_length=500)
    data: str = Field(max_length=96 << 20)
