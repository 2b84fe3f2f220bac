"""A page of a PDF as a picture, and where a passage is on it."""

from __future__ import annotations

import base64
import ctypes
import io
import math
from pathlib import Path
from typing import Any

from .._errors import Reason
from .failure import ParseError
from .pdf import opened

_PIXELS = 8_000_000  # at most, whatever size the page claims
_HEIGHT = 8_000  # likewise
_UNITS = 1_000_000  # that places on a page are counted in
_MARKS = 1000
_SHORTEST = 4  # signs that the page must have of a passage that goes on from another page
_UNREADABLE = "\x00\x02\ufffe\u00ad"  # how PDFium writes a hyphen at a line's end, which the text leaves out


def page(path: Path, number: int, width: int, passage: str, before: str) -> dict[str, Any]:
    """The picture as PNG in base64, its size, and the marks: left, top, width and height as parts of the page's.

    number: counted from 1. width: in pixels.
    passage: text to be marked, or the part of it that is on this page. before: the text that it follows, by which it is
        told from the same words elsewhere on the page.
    """
    import pypdfium2

    with opened(path) as document:
        if not 1 <= number <= len(document):
            raise ParseError(Reason.DAMAGED, f"it has {len(document):,} pages, and no page {number}")
        try:
            shown = document[number - 1]
            picture, size = _picture(shown, width)
            marks = _marks(shown, passage, before) if passage else []
        except pypdfium2.PdfiumError as error:
            raise ParseError(Reason.DAMAGED, f"page {number} cannot be shown ({error})") from error
    return {"png": base64.b64encode(picture).decode("ascii"), "width": size[0], "height": size[1], "marks": marks}


def _picture(shown: Any, width: int) -> tuple[bytes, tuple[int, int]]:
    own_width, own_height = shown.get_size()
    if not (own_width >= 1 and own_height >= 1):
        raise ParseError(Reason.DAMAGED, f"a page of {own_width:g} by {own_height:g} points cannot be shown")
    scale = min(width / own_width, _HEIGHT / own_height, math.sqrt(_PIXELS / (own_width * own_height)))
    image = shown.render(scale=scale * (1 - 1e-9)).to_pil()  # or rounding makes it a pixel wider
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=2)  # a few bytes more, in a quarter of the time
    return written.getvalue(), image.size


def _marks(shown: Any, passage: str, before: str) -> list[tuple[float, float, float, float]]:
    text = shown.get_textpage()
    signs, places = _signs(text)
    found = _find(signs, _without_blanks(before), _without_blanks(passage))
    if found is None:
        return []
    first, last = places[found[0]], places[found[1] - 1]
    count = min(text.count_rects(first, last - first + 1), _MARKS)
    return [_on_page(shown, text.get_rect(index)) for index in range(count)]


def _signs(text: Any) -> tuple[str, list[int]]:
    """The characters of a page that are no blanks, and the number that PDFium gives each."""
    from pypdfium2 import raw

    signs, places = [], []
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        sign = chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else ""
        if sign and not sign.isspace() and sign not in _UNREADABLE and raw.FPDFText_IsHyphen(text, index) != 1:
            signs.append(sign)
            places.append(index)
    return "".join(signs), places


def _without_blanks(text: str) -> str:
    return "".join(text.split()).translate(dict.fromkeys(map(ord, _UNREADABLE)))


def _find(page: str, before: str, passage: str) -> tuple[int, int] | None:
    """The part of a page's signs that belongs to the passage, which may begin before the page, or end behind it."""
    if not page or not passage:
        return None
    if (place := page.find(before + passage)) >= 0:
        return place + len(before), place + len(before) + len(passage)
    if (place := page.find(passage)) >= 0:
        return place, place + len(passage)
    if page in passage:
        return 0, len(page)
    for length in range(min(len(page), len(passage)) - 1, _SHORTEST - 1, -1):
        if page.startswith(passage[-length:]):
            return 0, length
        if page.endswith(passage[:length]):
            return len(page) - length, len(page)
    return None


def _on_page(shown: Any, rectangle: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A rectangle as it is seen, whichever way the page is turned."""
    from pypdfium2 import raw

    corners = []
    left, bottom, right, top = rectangle
    for x, y in ((left, bottom), (right, top)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(shown, 0, 0, _UNITS, _UNITS, 0, x, y, across, down)
        corners.append((min(max(across.value / _UNITS, 0), 1), min(max(down.value / _UNITS, 0), 1)))
    (x0, x1), (y0, y1) = sorted(corner[0] for corner in corners), sorted(corner[1] for corner in corners)
    return x0, y0, x1 - x0, y1 - y0
