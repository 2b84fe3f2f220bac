"""ZIP archives that documents are packed in, looked at before anything is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .._errors import Reason
from .._limits import Limits
from .failure import ParseError

ENTRIES = 20_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # of Office files before 2007, and of encrypted ones since
_RATIO_FROM = 1 << 20


@contextmanager
def archive(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The archive, open, whose sizes are within the limits. Raises ParseError.

    The sizes that an archive states are binding: zipfile unpacks no more than them.
    """
    with path.open("rb") as file:
        start = file.read(1 << 20)
    if start.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise ParseError(Reason.ENCRYPTED, "it is protected with a password; save it without one")
        raise ParseError(Reason.UNSUPPORTED, "it has the format of Office 97; save it in the current one")
    try:
        with zipfile.ZipFile(path) as opened:
            _check(opened, limits)
            yield opened
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise ParseError(Reason.DAMAGED, f"its ZIP archive is broken ({error})") from error


def _check(opened: zipfile.ZipFile, limits: Limits) -> None:
    entries = opened.infolist()
    if len(entries) > ENTRIES:
        raise ParseError(Reason.TOO_LARGE, f"its archive has {len(entries):,} parts, over {ENTRIES:,}")
    if (total := sum(entry.file_size for entry in entries)) > limits.unpacked_bytes:
        raise ParseError(
            Reason.TOO_LARGE, f"it unpacks to {total:,} bytes, over the limit of {limits.unpacked_bytes:,}"
        )
    for entry in entries:
        if entry.flag_bits & 1:
            raise ParseError(Reason.ENCRYPTED, "its archive is encrypted; save it without a password")
        if entry.file_size > _RATIO_FROM and entry.file_size > entry.compress_size * limits.zip_ratio:
            raise ParseError(
                Reason.TOO_LARGE,
                f"a part of {entry.compress_size:,} bytes unpacks to {entry.file_size:,}, as in a ZIP bomb",
            )


def part(opened: zipfile.ZipFile, name: str) -> bytes:
    """One part of the archive. Raises ParseError."""
    try:
        return opened.read(name)
    except KeyError:
        raise ParseError(Reason.DAMAGED, f"its archive has no {name}") from None
