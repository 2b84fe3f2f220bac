"""Passages of documents as evidence in a chat: numbered through all of it, so that a number means one passage."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas.chats import Evidence, EvidenceScores, Message, Reranking
from .prompt import Messages

if TYPE_CHECKING:
    from ...documents import Found, Passage, Plan

SHARE = 0.35
MOST_TOKENS = 3000


def budget(limit: int) -> int:
    """Tokens of evidence in a context of `limit`."""
    return max(1, min(int(limit * SHARE), MOST_TOKENS))


def share(used: int, evidence: Iterable[Evidence], messages: Messages) -> int:
    """The tokens that evidence takes of a prompt, by its share of the characters."""
    characters = sum(len(each.text) for each in evidence)
    whole = sum(len(str(each.get("content") or "")) for each in messages)
    return min(used, round(used * characters / whole)) if whole else 0


def next_number(branch: Iterable[Message]) -> int:
    """The first number that no passage in the chat has yet."""
    return 1 + max((each.number for message in branch for each in message.evidence), default=0)


def numbered(plan: Plan, first: int) -> Plan:
    """The plan with the numbers that its passages have in the chat."""

    def moved(passages: Sequence[Passage]) -> tuple[Passage, ...]:
        return tuple(dataclasses.replace(each, number=each.number - 1 + first) for each in passages)

    found = dataclasses.replace(plan.found, passages=moved(plan.found.passages))
    return dataclasses.replace(plan, found=found, parts=tuple(map(moved, plan.parts)))


def as_question(told: Messages) -> str:
    """What the model is told in the place of the question. The instructions are in it, so that the system prompt, and
    all that was computed behind it, stays as it was when documents are chosen in the midst of a chat."""
    return f"{told[0]['content']}\n\n{told[-1]['content']}"


def evidence_of(passage: Passage, *, cited: bool = False) -> Evidence:
    scores = passage.scores
    return Evidence(
        number=passage.number,
        file_id=None if passage.file_id is None else str(passage.file_id),
        collection=passage.collection,
        path=str(passage.path),
        title=passage.title,
        headings=list(passage.headings),
        pages=None if passage.pages is None else list(passage.pages),
        page=passage.page,
        start=passage.start,
        end=passage.end,
        found=list(passage.found),
        text=passage.text,
        sha256=passage.sha256,
        scores=None if scores is None else EvidenceScores(**dataclasses.asdict(scores)),
        cited=cited,
    )


def reranking_of(found: Found) -> Reranking | None:
    known = found.reranking
    return None if known is None else Reranking(**dataclasses.asdict(known))


def passage_of(evidence: Evidence) -> Passage:
    """A passage that was offered earlier in the chat."""
    from ...documents import Passage

    return Passage(
        evidence.number,
        evidence.collection,
        Path(evidence.path),
        evidence.title,
        tuple(evidence.headings),
        None if evidence.pages is None else (evidence.pages[0], evidence.pages[1]),
        evidence.start,
        evidence.end,
        (evidence.found[0], evidence.found[1]),
        evidence.text,
        evidence.sha256,
        file_id=int(evidence.file_id) if evidence.file_id is not None else None,
        page=evidence.page,
    )
