"""Documents of each format, as other programs would write them, and hostile ones."""

from __future__ import annotations

import zipfile
from pathlib import Path

TEXT = "The rent is due on the fifth of each month."


def pdf(
    path: Path, pages: list[list[str]], *, title: str = "", picture: bool = False, count: int | None = None
) -> Path:
    """A PDF with lines of text on each page. picture: a picture on each page, too. count: how many pages it claims."""
    objects: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    objects.append(
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>"
        b"\nstream\n\x80\nendstream"
    )
    kids = []
    for lines in pages:
        drawn = " ".join(f"1 0 0 1 40 {760 - 16 * row} Tm ({line}) Tj" for row, line in enumerate(lines))
        content = f"BT /F1 12 Tf {drawn} ET".encode("latin-1") if lines else b""
        content += b" q 100 0 0 100 40 40 cm /I1 Do Q" if picture else b""
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> /XObject << /I1 4 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids) if count is None else count)
    objects.append(f"<< /Title ({title}) >>".encode("latin-1"))
    return _write_pdf(path, objects, len(objects))


def _write_pdf(path: Path, objects: list[bytes], info: int) -> Path:
    data = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        info,
        start,
    )
    path.write_bytes(data)
    return path


def archive(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in parts.items():
            opened.writestr(name, content)
    return path


NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "text", "table")
)


def odt(path: Path, body: str, *, prologue: str = "", manifest: str = "<manifest/>") -> Path:
    content = f"{prologue}<office:document-content {NAMESPACES}><office:body><office:text>{body}</office:text>"
    content += "</office:body></office:document-content>"
    meta = '<m xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The house</dc:title></m>'
    return archive(path, {"content.xml": content, "meta.xml": meta, "META-INF/manifest.xml": manifest})


def epub(path: Path, sections: list[str], *, encrypted: bool = False) -> Path:
    items = "".join(
        f'<item id="s{number}" href="s%20{number}.xhtml" media-type="application/xhtml+xml"/>'
        for number in range(len(sections))
    )
    order = "".join(f'<itemref idref="s{number}"/>' for number in range(len(sections)))
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": (
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
        ),
        "OPS/book.opf": (
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata><dc:title '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">A book</dc:title></metadata><manifest>{items}</manifest>'
            f"<spine>{order}</spine></package>"
        ),
    }
    for number, section in enumerate(sections):
        parts[f"OPS/s {number}.xhtml"] = f"<html><body>{section}</body></html>"
    if encrypted:
        parts["META-INF/encryption.xml"] = (
            '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>'
            '<enc:CipherReference URI="OPS/s%200.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>'
        )
    return archive(path, parts)
