"""Files that are given with a message: what they say is read in a process of its own, within limits."""

from __future__ import annotations

import base64
import binascii
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..._server.errors import RequestError
from ...documents import Limits, Reader, Text, UnreadableError
from ...documents._parsers.formats import BY_NAME, format_of

# Somebody waits for it, and it has to fit a model's context at last.
LIMITS = Limits(seconds=30, file_bytes=64 << 20, pages=5_000, characters=4_000_000)
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".svg"})


@dataclass(frozen=True)
class Attached:
    """A file that was read. name: without folders. size: in bytes."""

    name: str
    size: int
    text: str
    pages: int | None


def decoded(data: str) -> bytes:
    """Raises RequestError 400 for what is not base64."""
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(400, f"data is not base64: {error}", code="invalid_request", param="data") from None


def attached(name: str, data: bytes, folder: Path) -> Attached:
    """Reads a file. folder: where it may lie meanwhile.

    Raises RequestError 400 if it cannot be read, with the reason.
    """
    plain = PurePath(name.replace("\\", "/")).name.strip()
    suffix = PurePath(plain).suffix.lower()
    if suffix in _PICTURE_SUFFIXES or data.startswith(_PICTURES):
        raise RequestError(
            400,
            f"{plain!r} is a picture, and none of the models of this release takes pictures; attach its text",
            code="images_unsupported",
            param="name",
        )
    if not plain or format_of(plain) is None:
        raise _unreadable(f"files such as {plain!r} are not read", "unsupported")
    try:
        text = _read(plain, suffix, data, folder)
    except UnreadableError as error:
        why = error.message.partition("cannot be read: ")[2]
        raise _unreadable(f"{plain!r} cannot be read: {why}", error.reason.value) from None
    except OSError as error:
        raise RequestError(
            507,
            f"{plain!r} cannot be read, as nothing can be written to {folder}: {error.strerror}",
            kind="server_error",
            code="disk_full",
        ) from None
    return Attached(plain, len(data), text.text, text.pages)


def _read(name: str, suffix: str, data: bytes, folder: Path) -> Text:
    with tempfile.TemporaryDirectory(dir=folder, prefix="attached-") as made, Reader(LIMITS) as reader:
        # Nothing of the name but what decides how it is read.
        known = name.lower() if name.lower() in BY_NAME else f"attached{suffix}"
        path = Path(made) / known
        path.write_bytes(data)
        return reader.read(path)


def _unreadable(message: str, reason: str) -> RequestError:
    return RequestError(400, message, code=f"attachment_{reason}", param="data")
