"""Compares the results of all languages, and writes the table into the documentation.

Usage: python -m corpus_tools.conformance FOLDER [--check]

FOLDER holds results-LANGUAGE.json from the languages' tests, which write them where GPT4ALL_CONFORMANCE names it.
A language without results, or a case that it skipped, keeps the ✓ that it has on the page: not every machine has every
toolchain and model. --check writes nothing, and fails if docs/conformance.md shows a ✓ that is not there now, or lacks
a case.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..places import CORPUS, ROOT, load_files
from .judge import Table, Verdict, judge_cases, judge_downloads
from .results import LANGUAGES, read
from .table import MARKS, page

PAGE = ROOT / "docs" / "conformance.md"
DOWNLOADS = CORPUS.parent / "catalogue" / "download-cases.json"


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Compares what the bindings made of the corpus.")
    parser.add_argument("folder", type=Path, help="where the results are")
    parser.add_argument("--check", action="store_true", help="compare with docs/conformance.md instead of writing it")
    arguments = parser.parse_args()
    results = read(arguments.folder)
    if not results:
        print(f"{arguments.folder} has no results; run the languages' tests first", file=sys.stderr)
        return 2
    files = load_files()
    cases = judge_cases({case["id"]: case for file in files.values() for case in file["cases"]}, results)
    shared = json.loads(DOWNLOADS.read_text(encoding="utf-8"))["cases"]
    downloads = judge_downloads((case["id"] for case in shared), results)
    wrong = list(_failures(cases)) + list(_failures(downloads))
    committed = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    same_columns = f"| {' | '.join(LANGUAGES.values())} |\n" in committed
    before = _cells(committed) if same_columns else {}
    text = page(files, _with_former(cases, before), _with_former(downloads, before))
    if arguments.check:
        wrong += _lost(text, committed, set(results))
    elif not wrong:
        PAGE.write_text(text, encoding="utf-8")
    for line in wrong:
        print(line)
    for language in LANGUAGES:
        _tell(language, {**cases, **downloads}, language in results)
    return 1 if wrong else 0


def _failures(table: Table) -> list[str]:
    return [
        f"{id_}, {LANGUAGES[language]}: {verdict.text}"
        for id_, row in table.items()
        for language, verdict in row.items()
        if verdict.mark == "no"
    ]


def _with_former(table: Table, before: dict[str, list[str]]) -> Table:
    """The table with what the page says already where a language did not run, or skipped a case."""
    believed: Table = {}
    for id_, row in table.items():
        believed[id_] = dict(row)
        for language, mark in zip(LANGUAGES, before.get(f"`{id_}`", []), strict=False):
            if mark == MARKS["yes"] and (language not in row or row[language].mark == "skipped"):
                believed[id_][language] = Verdict("yes")
    return believed


def _lost(now: str, committed: str, languages: set[str]) -> list[str]:
    """What the committed page says otherwise. Where a language did not run, or a case was skipped, it is believed."""
    old, new = (_cells(text) for text in (committed, now))
    if old.keys() != new.keys():
        odd = sorted(old.keys() ^ new.keys())
        return [f"docs/conformance.md is out of date at {', '.join(odd[:5])}; run python -m corpus_tools.conformance"]
    names = list(LANGUAGES)
    return [
        f"{id_}, {LANGUAGES[language]}: docs/conformance.md says {was!r}, and it is {mark!r}"
        for id_, marks in new.items()
        for language, was, mark in zip(names, old[id_], marks, strict=True)
        if language in languages and mark != "skipped" and was != mark
    ]


def _cells(text: str) -> dict[str, list[str]]:
    """The marks of each case on a page."""
    rows = (line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| `"))
    return {cells[0]: cells[-len(LANGUAGES) :] for cells in rows}


def _tell(language: str, table: Table, ran: bool) -> None:
    if not ran:
        print(f"{LANGUAGES[language]}: not run")
        return
    verdicts = [row[language] for row in table.values()]
    counts = {mark: sum(each.mark == mark for each in verdicts) for mark in ("yes", "no", "skipped")}
    print(f"{LANGUAGES[language]}: {counts['yes']} passed, {counts['no']} failed, {counts['skipped']} skipped")
    for reason in sorted({each.text for each in verdicts if each.mark == "skipped"}):
        print(f"  skipped: {reason}")


if __name__ == "__main__":
    sys.exit(main())
