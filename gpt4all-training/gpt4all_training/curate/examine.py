"""The first pass over a chunk of rows: everything that can be said of a row by itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import orjson

from ..errors import SourceError
from . import reasons
from .chunks import Chunk, Kept, Sample, Tally
from .cleaning import Cleaner
from .contamination import Decontaminator
from .conversations import Conversation, MalformedError, conversation_of
from .language import UNDETERMINED, language_of
from .settings import Curate, Source
from .sketches import key_of, sketches_of
from .sources import Record
from .words import Words, plain, words_of

_SHOWN = 600  # characters of a dropped row


class Examiner:
    """Examines rows. It keeps nothing between chunks, so that each comes out the same in any run."""

    def __init__(self, settings: Curate, decontaminator: Decontaminator) -> None:
        self._settings, self._decontaminator = settings, decontaminator
        self._cleaner = Cleaner(settings.cleaning)

    def examine(self, source: int, file: int, path: Path, name: str, records: Sequence[Record], last: bool) -> Chunk:
        """A chunk of successive rows of a file. Raises SourceError for a row that cannot be read.

        name: what the file is called in the report.
        """
        about = self._settings.sources[source]
        tally = Tally(read=len(records))
        left: list[tuple[Record, Conversation, str]] = []
        for record in records:
            if record.problem and about.unreadable == "stop":
                raise SourceError(record.problem, file=path, row=record.row, remedy=record.remedy)
            reason, detail, conversation = self._alone(record, about, tally)
            if reason is None and conversation is not None:
                left.append((record, conversation, detail))
            elif reason is not None:
                text = conversation.text if conversation else _as_json(record.value)
                self._drop(tally, reason, about.name, name, record.row, text, detail)
        words = Words.of([words_of(plain(conversation.text)) for _, conversation, _ in left])
        tasks = self._decontaminator.found_in(words)
        rows: list[Kept] = []
        clean: list[int] = []
        for at, ((record, conversation, language), task) in enumerate(zip(left, tasks, strict=True)):
            if task is not None:
                tally.tasks[task] += 1
                self._drop(tally, reasons.CONTAMINATED, about.name, name, record.row, conversation.text, task)
                continue
            clean.append(at)
            messages = [{"role": role, "content": content} for role, content in conversation.messages]
            rows.append(Kept(record.row, language, conversation.characters, key_of(conversation), messages))
        near = self._settings.duplicates.near
        sketches = None if near is None else sketches_of(words, near, self._settings.seed)[clean]
        return Chunk(source, file, records[-1].after, last, tally, rows, sketches)

    def _alone(self, record: Record, source: Source, tally: Tally) -> tuple[str | None, str, Conversation | None]:
        """Why a row is to be dropped, or None; more of it, or the row's language; its conversation, if it is one."""
        if record.problem:
            return reasons.UNREADABLE, record.problem, None
        try:
            conversation = conversation_of(record.value, source.columns)
        except MalformedError as error:
            return reasons.MALFORMED, str(error), None
        tally.repaired += conversation.repaired
        tally.lengths[bucket_of(conversation.characters)] += 1
        if reason := self._cleaner.reason(conversation):
            return reason, "", conversation
        limits = self._settings.length
        shortest = min(map(len, conversation.answers))
        if shortest < limits.shortest_response:
            return reasons.TOO_SHORT, f"an answer of {shortest:,} characters", conversation
        if conversation.characters > limits.longest:
            return reasons.TOO_LONG, f"{conversation.characters:,} characters", conversation
        language = language_of(conversation.text)
        tally.languages[language] += 1
        wanted = self._settings.language
        unwanted = wanted.undetermined == "drop" if language == UNDETERMINED else language not in wanted.keep
        if wanted.keep and unwanted:
            return reasons.LANGUAGE, language, conversation
        return None, language, conversation

    def _drop(self, tally: Tally, reason: str, source: str, file: str, row: int, text: str, detail: str) -> None:
        tally.dropped[reason] += 1
        if self._settings.samples:
            place = f"{self._settings.seed}\0{source}\0{file}\0{row}".encode()
            # 53 bits, which JSON's numbers hold in every language
            priority = int.from_bytes(hashlib.blake2b(place, digest_size=8).digest(), "big") >> 11
            sample = Sample(priority, source, file, row, shown(text), detail)
            tally.add_sample(reason, sample, self._settings.samples)


def shown(text: str) -> str:
    """The beginning of a text, for the report."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"


def _as_json(value: object) -> str:
    """A row that is no conversation; nothing if it is none that JSON can say, or too deep."""
    try:
        return "" if value is None else orjson.dumps(value, default=str).decode()
    except TypeError:
        return ""


def bucket_of(characters: int) -> int:
    """Twice the logarithm to base 2 of a length, rounded down."""
    return int(2 * math.log2(max(1, characters)))
