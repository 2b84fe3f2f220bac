"""How a question is answered: from the best passages, or from all that the documents have, if it asks for that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from ._results import Found, Passage
from ._words import folded

if TYPE_CHECKING:
    from ._search import Search
    from ._store import Store

Mode = Literal["passages", "whole", "map_reduce"]
"""From the best passages, from all of it at once, or from all of it part by part."""

PARTS = 12  # that a model is asked about at most, as each takes the time of an answer
_CHARACTERS = 4  # for a token, about
_STEM = 4  # letters that a file's name needs to be told from a word

# Requests, as people make them, in languages of the application. They are compared without case and accents.
_SUMMARY = (
    r"\b(summari[sz]e|summary|sum up|tl;?dr|key points|main points|main ideas|give (me )?an overview|gist of)\b|"
    r"\b(fass\w*\b.*\bzusammen|zusammenfass\w*|uberblick uber|kernaussagen)\b|"
    r"\b(resume[rz]?|resumez|fais un resume|synthese|vue d'ensemble)\b|\b(resumen|resume|resumir|sintetiza)\b|"
    "总结|概括|概述|摘要|要約|まとめて|概要を|لخص|ملخص"
)
_LIST = (
    r"^(please |can you |could you )?(list|enumerate|name|give|show|find|collect)\b.*\b(all|every|each|complete)\b|"
    r"^(bitte )?(liste|nenne?|zahle?|gib|zeige?|suche?)\b.*\b(alle[nrs]?|jede[nrs]?|samtliche[nrs]?)\b|"
    r"^(liste[rz]?|enumere[rz]?|donne[rz]?|cite[rz]?|montre[rz]?)\b.*\b(tous|toutes|chaque)\b|"
    r"^(lista|enumera|nombra|dame|muestra)\b.*\b(todos|todas|cada)\b|"
    "(列出|列举|找出).*(所有|全部)|(すべて|全て|全部)(の|を)?.*(挙げ|列挙|一覧)|(اذكر|عدد|اسرد).*(كل|جميع)"
)
_EVERYTHING = re.compile(folded(f"{_SUMMARY}|{_LIST}"))


@dataclass(frozen=True)
class Plan:
    """How a question is to be answered.

    found: the passages to offer; of "map_reduce", those of all parts.
    parts: for "map_reduce", the passages of each part, whose numbers go on from one to the next. Otherwise empty.
    complete: whether that is all of the documents that the question is about; for "passages", it need not be.
    """

    mode: Mode
    found: Found
    parts: tuple[tuple[Passage, ...], ...] = ()
    complete: bool = False


def asks_for_everything(question: str) -> bool:
    """Whether it asks for a summary or for a list of all there is, which the best passages cannot give."""
    return bool(_EVERYTHING.search(folded(question.strip())))


def named(question: str, names: Iterable[tuple[int, str]]) -> set[int]:
    """Which of the files, by number and path, a question mentions by their names."""
    asked = folded(question)
    found = set()
    for number, path in names:
        name = PurePath(path)
        for each in (name.name, name.stem):
            if len(each) >= _STEM and re.search(rf"(?<!\w){re.escape(folded(each))}(?!\w)", asked):
                found.add(number)
    return found


def gathered(
    search: Search, store: Store, question: str, collections: Sequence[int], found: Found, **limits: int
) -> Plan:
    """All that the files named in a question have, or all files if it names none, in parts of a budget of tokens.

    If that is more than so many parts, they have the chunks that come nearest to the question.
    """
    room = limits["budget"] * _CHARACTERS
    places = ",".join("?" * len(collections))
    files = store.rows(
        "SELECT DISTINCT f.content_id, f.relpath FROM files f JOIN folders o ON o.id = f.folder_id "
        f"WHERE f.state = 'ready' AND o.collection_id IN ({places}) ORDER BY f.relpath",
        collections,
    )
    chosen = named(question, files) or {row[0] for row in files}
    order = {content: place for place, (content, _) in enumerate(files) if content in chosen}
    total = sum(row[1] for row in store.rows("SELECT id, characters FROM contents") if row[0] in order)
    complete = total <= room * limits["parts"]
    rows = _all_chunks(store, order) if complete else search.ranked_chunks(question, collections, frozenset(order))
    runs = _runs(sorted(rows, key=lambda row: (order[row[0]], row[1])), room, limits["parts"])
    passages: list[Passage] = []
    parts: list[tuple[Passage, ...]] = []
    for part in runs:
        own = [
            search.passage(len(passages) + number, collections, content, first, last)
            for number, (content, first, last) in enumerate(part, 1)
        ]
        passages += own
        parts.append(tuple(own))
    everything = Found(
        tuple(passages),
        bool(passages),
        found.relevance,
        found.threshold,
        complete,
        found.files,
        found.chunks,
        found.seconds,
    )
    if len(parts) == 1 and complete:
        return Plan("whole", everything, (), True)
    return Plan("map_reduce", everything, tuple(parts), complete)


def _all_chunks(store: Store, contents: Iterable[int]) -> list[tuple[int, int, int]]:
    """Content, place and length of each chunk."""
    query = "SELECT content_id, ord, length(text) FROM chunks WHERE content_id = ?"
    return [row for content in contents for row in store.rows(query, (content,))]


def _runs(chunks: Sequence[Any], room: int, most: int) -> list[list[tuple[int, int, int]]]:
    """The chunks as parts, each of them as runs of chunks that follow each other: content, first and last."""
    parts: list[list[tuple[int, int, int]]] = []
    left = 0
    for content, place, length in chunks:
        if not parts or length > left:
            if len(parts) == most:
                break
            parts.append([])
            left = room
        left -= length
        runs = parts[-1]
        if runs and runs[-1][0] == content and runs[-1][2] == place - 1:
            runs[-1] = (content, runs[-1][1], place)
        else:
            runs.append((content, place, place))
    return parts
