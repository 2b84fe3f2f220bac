"""The verdict on every case in every language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..expectations import check, check_status
from ..places import Json
from .compare import differences
from .results import LANGUAGES, Results

EXPLAINED = ("is not available", "is not there", "is not on this machine")
"""One of these is in the reason for a skip that a machine explains; any other fails."""


@dataclass(frozen=True)
class Verdict:
    """mark: "yes", "skipped" or "no". text: the reason, where there is one."""

    mark: str
    text: str = ""


Table = dict[str, dict[str, Verdict]]
"""Verdicts by the case's id, and by language."""


def judge_cases(cases: Mapping[str, Json], results: Mapping[str, Results]) -> Table:
    """Each language against the case, and against the first language that has an outcome of it."""
    table: Table = {}
    for id_, case in cases.items():
        reference: Json | None = None
        row = table[id_] = {}
        for language, result in _in_order(results):
            entry = result.cases.get(id_)
            row[language] = _judge(case, entry, reference)
            if reference is None and row[language].mark == "yes":
                reference = entry
    return table


def judge_downloads(ids: Iterator[str], results: Mapping[str, Results]) -> Table:
    """Each language's own word for the download cases: what they compare lies on the disk and in the server."""
    return {
        id_: {language: _judge_download(result.downloads.get(id_)) for language, result in _in_order(results)}
        for id_ in ids
    }


def _in_order(results: Mapping[str, Results]) -> list[tuple[str, Results]]:
    return [(language, results[language]) for language in LANGUAGES if language in results]


def _judge(case: Json, entry: Any, reference: Json | None) -> Verdict:
    unfinished = _unfinished(entry)
    if unfinished:
        return unfinished
    outcomes = entry["outcomes"]
    if len(outcomes) != len(case["steps"]):
        return Verdict("no", f"{len(outcomes)} of {len(case['steps'])} steps were performed")
    try:
        for number, (step, outcome) in enumerate(zip(case["steps"], outcomes, strict=True)):
            check_status(step, outcome)
            for expectation in step.get("expect", []):
                check(expectation, outcome, outcomes[: number + 1])
    except AssertionError as error:
        return Verdict("no", f"step {number}: {error}")
    found = differences(case, reference, entry) if reference else []
    return Verdict("no", "differs: " + "; ".join(found[:5])) if found else Verdict("yes")


def _judge_download(entry: Any) -> Verdict:
    unfinished = _unfinished(entry)
    if unfinished:
        return unfinished
    return Verdict("yes") if entry.get("passed") is True else Verdict("no", f"it says {entry!r}")


def _unfinished(entry: Any) -> Verdict | None:
    if not isinstance(entry, dict):
        return Verdict("no", "there is no result")
    if "failed" in entry:
        return Verdict("no", str(entry["failed"]))
    if "skipped" in entry:
        reason = str(entry["skipped"])
        return Verdict("skipped" if any(word in reason for word in EXPLAINED) else "no", reason)
    return None
