"""What a lane found: counts, reasons and failures, read from the JUnit reports of pytest, ctest and GoogleTest."""

from __future__ import annotations

import ast
import contextlib
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_GTEST_SKIP = re.compile(r"^\S+:\d+: Skipped\n(.*?)(?:\n\n|\n\[)", re.MULTILINE | re.DOTALL)
_GTEST_PLACE = re.compile(r"^\S+:\d+\n")  # of a skip, before what was said, in GoogleTest's own reports


@dataclass
class Outcome:
    """Counts of tests, with a reason for each that was skipped and a text for each that failed."""

    passed: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def __iadd__(self, other: Outcome) -> Outcome:
        self.passed += other.passed
        self.skipped += other.skipped
        self.failed += other.failed
        return self

    def check(self, name: str, wrong: str) -> None:
        """Counts one check that passed, if nothing is wrong, or failed."""
        if wrong:
            self.failed.append((name, wrong))
        else:
            self.passed += 1

    def __str__(self) -> str:
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def _cases(path: Path) -> Iterator[ElementTree.Element]:
    yield from ElementTree.parse(path).getroot().iter("testcase")


def _reason(case: ElementTree.Element, skipped: ElementTree.Element) -> str:
    printed = case.findtext("system-out") or ""
    told = _GTEST_SKIP.search(printed)
    text = (skipped.text or "").strip()
    if skipped.get("message") == "collection skipped":  # pytest, of a whole module: where, and behind it why
        with contextlib.suppress(ValueError, SyntaxError):
            return str(ast.literal_eval(text)[-1]).removeprefix("Skipped: ")
    if told:
        return told[1].strip()
    return _GTEST_PLACE.sub("", skipped.get("message", "")) or text or "no reason given"


def read_junit(path: Path) -> Outcome:
    """Reads a JUnit report. A test that was never run, or a report of no test at all, is a failure."""
    outcome = Outcome()
    for case in _cases(path):
        group = case.get("classname", "")
        name = case.get("name", "?") if group in ("", case.get("name")) else f"{group}::{case.get('name')}"
        skipped = case.find("skipped")
        wrong = next((case.find(kind) for kind in ("failure", "error") if case.find(kind) is not None), None)
        if wrong is not None:
            text = wrong.text or case.findtext("system-out") or wrong.get("message") or ""
            outcome.failed.append((name, text.strip()))
        elif skipped is not None:
            outcome.skipped.append((name, _reason(case, skipped)))
        elif case.get("status") in ("notrun", "disabled"):
            outcome.failed.append((name, f"was not run ({case.get('status')})"))
        else:
            outcome.passed += 1
    if not (outcome.passed or outcome.failed or outcome.skipped):
        outcome.failed.append((path.name, "the report holds no test"))
    return outcome
