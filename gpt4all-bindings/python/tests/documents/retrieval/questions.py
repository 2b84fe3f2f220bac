"""The questions, and where their answers stand.

questions.jsonl has a question a line. Its answer is given as so many words of a file, from a certain one on, and the
SHA-256 of those words: a passage can be found with that, but not read. The words are looked for elsewhere in the file
if they are not where they were, as after a change of what reads it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gpt4all.documents import Text

FILE = Path(__file__).with_name("questions.jsonl")
Kind = Literal["question", "identifier", "language", "elsewhere"]
"""A question in other words than the passage's; a name; one in another language; one that no document answers."""


@dataclass(frozen=True)
class Answer:
    """file: below the folder of documents. first, words, sha256: which words of it."""

    file: str
    first: int
    words: int
    sha256: str


@dataclass(frozen=True)
class Question:
    kind: Kind
    text: str
    answer: Answer | None

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the half that results are reported of; the others are for settings to be chosen by."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


class MovedError(Exception):
    """A file does not have the words that answer a question."""


def questions() -> list[Question]:
    """All of them."""
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        answer = Answer(*entry["answer"]) if "answer" in entry else None
        found.append(Question(entry["kind"], entry["question"], answer))
    return found


def digest(words: list[str]) -> str:
    """That of words, whatever is between them."""
    return hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()[:16]


def span(answer: Answer, text: Text) -> tuple[int, int]:
    """The characters of a text that answer a question. Raises MovedError."""
    places = [found.span() for found in re.finditer(r"\S+", text.text)]
    words = [text.text[start:end] for start, end in places]
    last = len(words) - answer.words
    for first in (answer.first, *range(last + 1)):
        if 0 <= first <= last and digest(words[first : first + answer.words]) == answer.sha256:
            return places[first][0], places[first + answer.words - 1][1]
    raise MovedError(f"{answer.file} no longer has the {answer.words} words from the {answer.first}th on")
