"""ODT and EPUB: archives with XML and HTML, read without a library of their own: the usual one has the AGPL."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from .._errors import Reason
from .._limits import Limits
from .._text import Builder, Text
from .archive import archive, part
from .decoding import decode
from .failure import ParseError
from .html import add_html

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_SKIPPED = frozenset({f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_TEXT}sequence-decls"})
_OPF = "{http://www.idpf.org/2007/opf}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_ENCRYPTION = "{http://www.w3.org/2001/04/xmlenc#}"
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def _xml(data: bytes) -> Any:
    """The root of an XML document without entities of its own. Raises ParseError."""
    from xml.etree.ElementTree import ParseError as XMLError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(data, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise ParseError(Reason.DAMAGED, f"its XML defines entities, as attacks do ({type(error).__name__})") from error
    except XMLError as error:
        raise ParseError(Reason.DAMAGED, f"its XML is broken ({error})") from error


def odt(path: Path, limits: Limits) -> Text:
    """OpenDocument text, packed or as flat XML."""
    builder = Builder(limits.characters)
    if path.suffix.lower() == ".fodt":
        root = _xml(path.read_bytes())
        _add_meta(builder, root)
    else:
        with archive(path, limits) as opened:
            names = set(opened.namelist())
            if "META-INF/manifest.xml" in names and b"encryption-data" in part(opened, "META-INF/manifest.xml"):
                raise ParseError(Reason.ENCRYPTED, "it is protected with a password; save it without one")
            root = _xml(part(opened, "content.xml"))
            if "meta.xml" in names:
                _add_meta(builder, _xml(part(opened, "meta.xml")))
    body = root.find(f".//{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise ParseError(Reason.DAMAGED, "it is not an OpenDocument text")
    _add_open_document(builder, body)
    return builder.text()


def _add_meta(builder: Builder, root: Any) -> None:
    builder.title = (root.findtext(f".//{_DC}title") or "")[:500]


def _add_open_document(builder: Builder, body: Any) -> None:
    pending = list(reversed(body))
    while pending:
        element = pending.pop()
        if element.tag == f"{_TEXT}h":
            level = element.get(f"{_TEXT}outline-level", "1")
            builder.heading(_words(element), int(level) if level.isascii() and level.isdigit() else 1)
        elif element.tag == f"{_TEXT}p":
            builder.add(_words(element))
        elif element.tag == f"{_TABLE}table":
            builder.add("\n".join(filter(None, map(_row, element.iter(f"{_TABLE}table-row")))), "table")
        elif element.tag not in _SKIPPED:
            pending += reversed(element)


def _row(row: Any) -> str:
    cells = [" ".join(_words(cell).split()) for cell in row.findall(f"{_TABLE}table-cell")]
    return " | ".join(cells).strip(" |")


def _words(element: Any) -> str:
    """The text of an element, with its blanks, tabs and line ends. Without recursion."""
    pieces: list[str] = []
    pending: list[Any] = [element]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            pieces.append(each)
            continue
        if each.tag in _SKIPPED:
            continue
        if each.tag == f"{_TEXT}s":
            count = each.get(f"{_TEXT}c", "1")
            pieces.append(" " * min(int(count) if count.isascii() and count.isdigit() else 1, 100))
        elif each.tag == f"{_TEXT}tab":
            pieces.append("\t")
        elif each.tag == f"{_TEXT}line-break":
            pieces.append("\n")
        inner: list[Any] = [each.text or ""]
        for child in each:
            if child.tag == f"{_TEXT}p" and each is not element:
                inner.append("\n")
            inner += [child, child.tail or ""]
        pending += reversed(inner)
    return "".join(pieces)


def epub(path: Path, limits: Limits) -> Text:
    """The sections of the book in reading order; each is a page."""
    builder = Builder(limits.characters)
    with archive(path, limits) as opened:
        names = set(opened.namelist())
        root = _xml(part(opened, "META-INF/container.xml")).find(f".//{_CONTAINER}rootfile")
        package = root.get("full-path", "") if root is not None else ""
        book = _xml(part(opened, package))
        builder.title = (book.findtext(f".//{_DC}title") or "")[:500]
        locked = _encrypted(opened) if "META-INF/encryption.xml" in names else set()
        sections = _spine(book, posixpath.dirname(package))
        if len(sections) > limits.pages:
            raise ParseError(Reason.TOO_LARGE, f"it has {len(sections):,} sections, over the limit of {limits.pages:,}")
        if locked & set(sections):
            raise ParseError(Reason.ENCRYPTED, "its text is encrypted (DRM)")
        for number, name in enumerate(sections, 1):
            builder.page = number
            add_html(decode(part(opened, name)), builder)
    return builder.text(len(sections))


def _spine(book: Any, folder: str) -> list[str]:
    """The names of the HTML parts, in reading order."""
    items = {item.get("id"): item for item in book.iter(f"{_OPF}item")}
    found = []
    for reference in book.iter(f"{_OPF}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and "html" in item.get("media-type", ""):
            found.append(posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "")))))
    return found


def _encrypted(opened: ZipFile) -> set[str]:
    """Which parts are encrypted, fonts aside."""
    found = set()
    for each in _xml(part(opened, "META-INF/encryption.xml")).iter(f"{_ENCRYPTION}EncryptedData"):
        method = each.find(f"{_ENCRYPTION}EncryptionMethod")
        reference = each.find(f".//{_ENCRYPTION}CipherReference")
        if reference is not None and (method is None or method.get("Algorithm") not in _FONTS):
            found.add(unquote(reference.get("URI", "")))
    return found
