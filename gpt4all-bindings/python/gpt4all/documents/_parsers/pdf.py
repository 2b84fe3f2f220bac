"""PDF, by PDFium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._errors import Reason
from .._limits import Limits
from .._text import Builder, Text
from .failure import ParseError

_BROKEN_WORD = re.compile("[\x02\ufffe\u00ad]\\s*")  # how PDFium writes a hyphen at a line's end
_TEXT_PER_PAGE = 2  # characters on average, below which pages with pictures count as scanned


def pdf(path: Path, limits: Limits) -> Text:
    """A block for each paragraph as far as one can be told, under the entries of the outline."""
    with opened(path) as document:
        return _read(document, limits)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The document of pypdfium2. Raises ParseError."""
    import pypdfium2

    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise ParseError(Reason.DAMAGED, "it does not begin as a PDF does")
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise ParseError(Reason.ENCRYPTED, "it is protected with a password; save it without one") from error
        raise ParseError(Reason.DAMAGED, f"PDFium says: {error}") from error
    with document:
        yield document


def _read(document: Any, limits: Limits) -> Text:
    count = len(document)
    if count > limits.pages:
        raise ParseError(Reason.TOO_LARGE, f"it has {count:,} pages, over the limit of {limits.pages:,}")
    builder = Builder(limits.characters)
    builder.title = str(document.get_metadata_dict().get("Title", ""))[:500]
    outline = _outline(document)
    seen = pictures = unreadable = 0
    for number in range(count):
        builder.page = number + 1
        for level, title in outline.get(number, ()):
            builder.under(title, level)
        try:
            text, has_pictures = _page(document, number)
        except _pdfium_error() as error:
            unreadable += 1
            if unreadable == count:
                raise ParseError(Reason.DAMAGED, f"none of its pages can be read ({error})") from error
            continue
        seen += len("".join(text.split()))
        pictures += has_pictures
        for paragraph in re.split(r"\n\s*\n", text):
            builder.add(paragraph)
    if pictures and seen < _TEXT_PER_PAGE * count:
        raise ParseError(Reason.SCANNED, "its pages are pictures without text; run it through OCR, such as ocrmypdf")
    return builder.text(count)


def _pdfium_error() -> type[Exception]:
    import pypdfium2

    error: type[Exception] = pypdfium2.PdfiumError
    return error


def _page(document: Any, number: int) -> tuple[str, bool]:
    """The text of a page, and whether it has pictures instead."""
    from pypdfium2 import raw

    page = document[number]
    try:
        page_text = page.get_textpage()
        try:
            text = page_text.get_text_range() if page_text.count_chars() else ""
        finally:
            page_text.close()
        pictures = not text.strip() and any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
    finally:
        page.close()
    return _BROKEN_WORD.sub("", text.replace("\r\n", "\n")), pictures


def _outline(document: Any) -> dict[int, list[tuple[int, str]]]:
    """The bookmarks of each page, counted from 0: their levels and titles. A broken outline is none."""
    found: dict[int, list[tuple[int, str]]] = {}
    try:
        for count, mark in enumerate(document.get_toc(max_depth=6)):
            destination = mark.get_dest()
            index = destination.get_index() if destination else None
            title = " ".join(mark.get_title().split())
            if index is not None and title:
                found.setdefault(index, []).append((mark.level, title))
            if count > 50_000:
                break
    except _pdfium_error():
        return found
    return found
