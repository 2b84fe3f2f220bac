"""What belongs to one process, and can neither be pickled nor copied."""

from __future__ import annotations

from typing import ClassVar, NoReturn, SupportsIndex

from ._errors import UnsupportedError


class Uncopyable:
    """Refuses pickle and copy by name, and says what to do instead."""

    _instead: ClassVar[str] = "make the request in the process that needs its answer"

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        name = type(self).__name__
        article = "an" if name[0] in "AEIOU" else "a"
        raise UnsupportedError(
            f"{article} {name} belongs to the process that made it, and cannot be pickled or copied; {self._instead}"
        )
