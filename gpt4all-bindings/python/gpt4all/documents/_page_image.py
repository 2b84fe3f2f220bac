"""A page as it looks."""

from __future__ import annotations

from typing import NamedTuple


class Mark(NamedTuple):
    """A rectangle on a page, in parts of its width and height, from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


class PageImage(NamedTuple):
    """A page of a PDF as a picture.

    number: of the page, counted from 1. width, height: in pixels. png: the picture.
    marks: where the passage is, a rectangle for each line; none if the page does not have it.
    """

    number: int
    width: int
    height: int
    png: bytes
    marks: tuple[Mark, ...]
