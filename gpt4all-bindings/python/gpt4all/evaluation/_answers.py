"""What a model answered, kept in a file as soon as it is known, so that a run that was stopped goes on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from filelock import FileLock, Timeout

from .._errors import InvalidArgumentError, LLModelError, LLModelIOError

_FORMAT = 1


class Answers:
    """Answers by the key of their question, in `path`: a line of JSON that says whose they are, then one for each.

    whose: what the answers depend on besides their questions. Use it as a context manager.

    Raises InvalidArgumentError if the file has answers of something else or is in use, LLModelIOError if it is damaged.
    """

    def __init__(self, path: Path, whose: Mapping[str, Any]) -> None:
        self._path = path
        self._known: dict[str, Any] = {}
        self._head = {"format": _FORMAT, **whose}
        self._lock = FileLock(f"{path}.lock")
        self._file: IO[str] | None = None

    def __enter__(self) -> Answers:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InvalidArgumentError(
                f"{self._path} is in use by another evaluation; wait for it, or choose another folder",
                {"path": str(self._path)},
            ) from None
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._lock.release()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Any:
        """The answer, or None."""
        return self._known.get(key)

    def keep(self, found: Iterable[tuple[str, Any]]) -> None:
        """Adds answers. They are in the file when this returns."""
        assert self._file is not None, "to be used in a with statement"
        for key, value in found:
            self._known[key] = value
            self._file.write(json.dumps({"key": key, "answer": value}) + "\n")
        self._file.flush()

    def _open(self) -> None:
        whole = self._read() if self._path.exists() else 0
        self._file = open(self._path, "a", encoding="utf-8")  # noqa: SIM115
        if whole == 0:
            self._file.truncate(0)
            self._file.write(json.dumps(self._head) + "\n")
            self._file.flush()
        else:
            self._file.truncate(whole)  # what a process that was killed had begun

    def _read(self) -> int:
        """Reads the file. Returns how many of its bytes are whole lines."""
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        number = 0
        try:
            for number, line in enumerate(data[:whole].splitlines(), 1):
                read = json.loads(line)
                if number == 1:
                    self._check(read)
                else:
                    self._known[read["key"]] = read["answer"]
        except LLModelError:
            raise
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise LLModelIOError(
                f"{self._path} is damaged in line {number}: {error}; delete it to evaluate from the beginning",
                {"path": str(self._path), "line": number},
            ) from error
        return whole

    def _check(self, head: Any) -> None:
        if not isinstance(head, dict):
            raise TypeError("it does not say whose answers these are")
        other = sorted(key for key in self._head.keys() | head.keys() if self._head.get(key) != head.get(key))
        if other:
            raise InvalidArgumentError(
                f"{self._path} has answers of another evaluation, with another {' and '.join(other)}; "
                "choose another folder, or delete it",
                {"path": str(self._path), "other": other},
            )


def key_of(*question: Any) -> str:
    """A short name for a question: its kind, and what was asked."""
    text = json.dumps(question, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
