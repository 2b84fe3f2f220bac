"""DOCX, PPTX and XLSX, by python-docx, python-pptx and openpyxl. What they unpack was checked before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .._errors import Reason
from .._limits import Limits
from .._text import Builder, Text
from .archive import archive
from .failure import ParseError
from .plain import ROWS

_HEADING = re.compile(r"^Heading (\d)", re.I)
_DEPTH = 20  # of tables in tables and of groups in groups
CELLS = 5_000_000


def docx(path: Path, limits: Limits) -> Text:
    with archive(path, limits):
        pass
    import docx as library

    document = library.Document(str(path))
    builder = Builder(limits.characters)
    builder.title = str(document.core_properties.title or "")[:500]
    _add_word(builder, document.iter_inner_content(), 0)
    return builder.text()


def _add_word(builder: Builder, content: Iterable[Any], depth: int) -> None:
    for item in content:
        if hasattr(item, "rows"):
            _add_word_table(builder, item, depth)
            continue
        name = (item.style.name or "") if item.style is not None else ""
        level = _HEADING.match(name)
        if level:
            builder.heading(item.text, int(level[1]))
        elif name == "Title":
            builder.title = builder.title or item.text
            builder.heading(item.text, 0)
        else:
            builder.add(f"- {item.text}" if name.startswith("List") and item.text.strip() else item.text)


def _add_word_table(builder: Builder, table: Any, depth: int) -> None:
    rows = []
    for row in table.rows:
        cells: list[str] = []
        before = None
        for cell in row.cells:  # a cell over several columns is repeated in each
            if cell._tc is not before:
                cells.append(" ".join(cell.text.split()))
                for inner in cell.tables if depth < _DEPTH else ():
                    _add_word_table(builder, inner, depth + 1)
            before = cell._tc
        rows.append(cells)
    _add_rows(builder, "", rows)


def _add_rows(builder: Builder, name: str, rows: Iterable[list[str]]) -> None:
    """A table, in groups of rows, each under the first row."""
    header, group = "", []
    for cells in rows:
        line = " | ".join(cells).rstrip(" |")
        if not line.strip():
            continue
        if not header:
            header = line[:200]
        group.append(line)
        if len(group) == ROWS:
            builder.add("\n".join(group), "table", [each for each in (name, header) if each])
            group = []
    builder.add("\n".join(group), "table", [each for each in (name, header) if each])


def pptx(path: Path, limits: Limits) -> Text:
    with archive(path, limits):
        pass
    from pptx import Presentation

    presentation = Presentation(str(path))
    builder = Builder(limits.characters)
    builder.title = str(presentation.core_properties.title or "")[:500]
    count = len(presentation.slides)
    if count > limits.pages:
        raise ParseError(Reason.TOO_LARGE, f"it has {count:,} slides, over the limit of {limits.pages:,}")
    for number, slide in enumerate(presentation.slides, 1):
        builder.page = number
        title = slide.shapes.title
        builder.heading(title.text_frame.text if title is not None else f"Slide {number}", 1)
        for shape in _shapes(slide.shapes, 0):
            if title is not None and shape.shape_id == title.shape_id:
                continue
            if shape.has_text_frame:
                builder.add(shape.text_frame.text.replace("\v", "\n"))
            elif getattr(shape, "has_table", False) and shape.has_table:
                _add_rows(builder, "", ([" ".join(c.text.split()) for c in row.cells] for row in shape.table.rows))
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            builder.add(slide.notes_slide.notes_text_frame.text)
    return builder.text(count)


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes") and depth < _DEPTH:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def xlsx(path: Path, limits: Limits) -> Text:
    """Values as they were last computed. Each sheet is a page."""
    with archive(path, limits):
        pass
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        builder = Builder(limits.characters)
        builder.title = str(book.properties.title or "")[:500]
        left = CELLS
        for number, sheet in enumerate(book.worksheets, 1):
            builder.page = number
            sheet.reset_dimensions()  # what a file says of its size may be wrong
            rows: list[list[str]] = []
            for row in sheet.iter_rows(values_only=True):
                left -= len(row) + 1
                if left < 0:
                    raise ParseError(Reason.TOO_LARGE, f"it has more than {CELLS:,} cells")
                if any(value is not None for value in row):
                    rows.append(["" if value is None else " ".join(str(value).split()) for value in row])
            _add_rows(builder, sheet.title, rows)
        return builder.text(len(book.worksheets))
    finally:
        book.close()
