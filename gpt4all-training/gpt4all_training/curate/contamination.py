"""Finding text of the tasks by which models are measured: sequences of words that a row shares with an item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import SourceError
from .settings import Contamination
from .sources import Place, read
from .tasks import TASKS, texts_of
from .words import Hashes, Words, plain, words_of

_ITEMS_AT_ONCE = 1000
_SIEVE_BITS = 24  # 16 MB, in which most sequences are seen not to be a task's


@dataclass(frozen=True)
class TaskSummary:
    """What was read of a task: its items, and those with no text that is long enough to be looked for."""

    items: int
    too_short: int


class Decontaminator:
    """Knows the sequences of words of the tasks."""

    def __init__(self, settings: Contamination, files: Mapping[str, Path], largest: int) -> None:
        """Reads the tasks' files. Raises SourceError."""
        self.tasks = list(files)
        self.summaries: dict[str, TaskSummary] = {}
        found: dict[int, list[tuple[Hashes, npt.NDArray[np.uint8]]]] = {}
        for number, (task, path) in enumerate(files.items()):
            for length, hashes in self._read(task, path, settings, largest):
                found.setdefault(length, []).append((hashes, np.full(len(hashes), number, np.uint8)))
        self._known: dict[int, tuple[Hashes, npt.NDArray[np.uint8]]] = {}
        self._sieve = np.zeros(1 << _SIEVE_BITS if found else 0, np.bool_)
        for length, parts in sorted(found.items()):
            hashes, first = np.unique(np.concatenate([part for part, _ in parts]), return_index=True)
            self._known[length] = hashes, np.concatenate([owner for _, owner in parts])[first]
            self._sieve[hashes >> np.uint64(64 - _SIEVE_BITS)] = True

    def found_in(self, words: Words) -> list[str | None]:
        """For each text, the task that it shares a sequence with, or None."""
        result: list[str | None] = [None] * (len(words.starts) - 1)
        for length, sequences in words.sequences(list(self._known)).items():
            hashes, owners = self._known[length]
            maybe = np.flatnonzero(self._sieve[sequences.hashes >> np.uint64(64 - _SIEVE_BITS)])
            at = np.minimum(np.searchsorted(hashes, sequences.hashes[maybe]), len(hashes) - 1)
            hit = hashes[at] == sequences.hashes[maybe]
            texts = np.searchsorted(sequences.starts, maybe[hit], side="right") - 1
            for text, owner in zip(texts.tolist(), owners[at[hit]].tolist(), strict=True):
                result[text] = result[text] or self.tasks[owner]
        return result

    def _read(self, task: str, path: Path, settings: Contamination, largest: int) -> Iterator[tuple[int, Hashes]]:
        items = too_short = 0
        waiting: list[list[str]] = []
        for record in read(path, "auto", Place(), largest, frozenset(TASKS[task])):
            if record.problem:
                raise SourceError(record.problem, file=path, row=record.row, remedy=record.remedy)
            texts = [words_of(plain(text)) for text in texts_of(record.value, task)]
            if not any(texts):
                remedy = f"The columns of {task} are {', '.join(TASKS[task])}: name the task's own file"
                raise SourceError("has no text of the task", file=path, row=record.row, remedy=remedy)
            long_enough = [text for text in texts if len(text) >= settings.shortest]
            items, too_short = items + 1, too_short + (not long_enough)
            waiting += long_enough
            if len(waiting) >= _ITEMS_AT_ONCE:
                yield from _sequences(waiting, settings.words)
                waiting = []
        yield from _sequences(waiting, settings.words)
        if not items:
            raise SourceError("has no items", file=path, remedy=f"Name the file with the items of {task}")
        self.summaries[task] = TaskSummary(items, too_short)


def _sequences(texts: list[list[str]], length: int) -> Iterator[tuple[int, Hashes]]:
    """The sequences to look for: all of the full length, and shorter texts as a whole."""
    by_length: dict[int, list[list[str]]] = {}
    for text in texts:
        by_length.setdefault(min(len(text), length), []).append(text)
    for words, same in by_length.items():
        yield words, Words.of(same).sequences([words])[words].hashes
