"""Reads what Qt 6 writes with QDataStream: https://doc.qt.io/qt-6/datastreamformat.html."""

from __future__ import annotations

import struct

NULL = 0xFFFFFFFF


class QtStreamError(ValueError):
    """The data ends too early, or is none of what is expected there."""


class QtStream:
    """Big-endian, from the beginning of the data."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def skip(self, count: int) -> None:
        """Raises QtStreamError, as all others do, if there is not so much."""
        self._take(count)

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._data) - self._place:
            raise QtStreamError(f"the file ends too early: at byte {len(self._data)} of at least {self._place + count}")
        self._place += count
        return self._data[self._place - count : self._place]

    def uint32(self) -> int:
        return int(struct.unpack(">I", self._take(4))[0])

    def int32(self) -> int:
        return int(struct.unpack(">i", self._take(4))[0])

    def int64(self) -> int:
        return int(struct.unpack(">q", self._take(8))[0])

    def boolean(self) -> bool:
        return self._take(1) != b"\0"

    def bytes(self) -> bytes:
        """A QByteArray, or a QUrl."""
        count = self.uint32()
        return b"" if count == NULL else self._take(count)

    def text(self) -> str:
        """A QString."""
        count = self.uint32()
        raw = b"" if count == NULL else self._take(count)
        # Halves of characters, which Qt lets pass, become marks of replacement.
        return raw.decode("utf-16-be", "replace")

    def count(self, wide: bool) -> int:
        """How many elements follow: a quint32 as of lists, or a qsizetype. Each takes at least a byte."""
        number = self.int64() if wide else self.uint32()
        if not 0 <= number <= len(self._data) - self._place:
            raise QtStreamError(f"{number} elements at byte {self._place} are more than the file has room for")
        return number

    def texts(self) -> list[str]:
        """A QList<QString>."""
        return [self.text() for _ in range(self.count(wide=False))]

    def variant(self) -> str | int | float | bool | None:
        """A QVariant of one of the simple kinds."""
        kind = self.uint32()
        self.boolean()  # whether it is null
        if kind == 0:
            self.text()
            return None
        if kind == 1:
            return self.boolean()
        if kind in (2, 3):
            return self.int32()
        if kind in (4, 5):
            return self.int64()
        if kind == 6:
            return float(struct.unpack(">d", self._take(8))[0])
        if kind == 10:
            return self.text()
        raise QtStreamError(f"a value of the kind {kind} is not known")
