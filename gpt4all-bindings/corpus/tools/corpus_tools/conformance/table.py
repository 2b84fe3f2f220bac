"""The table of cases and languages, as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..places import Json
from .judge import Table
from .results import LANGUAGES

MARKS = {"yes": "✓", "skipped": "skipped", "no": "✗"}

INTRODUCTION = """\
# Conformance

<!-- Written by `python -m corpus_tools.conformance`; do not edit. -->

Every binding runs the same [corpus](corpus.md) of cases and the same [download cases](catalogue.md). A ✓ means that
each outcome is what the case expects, and also what Python's binding got on the same machine: texts, tokens, counts and
errors exactly, numbers almost. `make test` makes this table again and fails if a ✓ is lost.
"""


def page(files: Mapping[str, Json], cases: Table, downloads: Table) -> str:
    """The whole page. files: the corpus by topic."""
    parts = [INTRODUCTION, "\n".join(_summary(files, cases, downloads))]
    for topic, file in files.items():
        titles = {case["id"]: case["title"] for case in file["cases"]}
        parts.append(f"## {topic}\n\n" + "\n".join(_rows(titles, cases)))
    parts.append("## downloads\n\n" + "\n".join(_rows(dict.fromkeys(downloads, ""), downloads)))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _summary(files: Mapping[str, Json], cases: Table, downloads: Table) -> Iterator[str]:
    groups = {topic: [case["id"] for case in file["cases"]] for topic, file in files.items()}
    yield from _head("Topic", "Cases")
    for topic, ids in groups.items():
        yield _row(f"[{topic}](#{topic})", str(len(ids)), *(_count(cases, ids, each) for each in LANGUAGES))
    yield _row(
        "[downloads](#downloads)",
        str(len(downloads)),
        *(_count(downloads, list(downloads), each) for each in LANGUAGES),
    )


def _count(table: Table, ids: list[str], language: str) -> str:
    if not any(language in table[id_] for id_ in ids):
        return "not run"
    return str(sum(language in table[id_] and table[id_][language].mark == "yes" for id_ in ids))


def _rows(titles: Mapping[str, str], table: Table) -> Iterator[str]:
    described = any(titles.values())
    yield from _head("Case", *(["What it shows"] if described else []))
    for id_, title in titles.items():
        marks = [MARKS[table[id_][each].mark] if each in table[id_] else "not run" for each in LANGUAGES]
        yield _row(f"`{id_}`", *([title.replace("|", "\\|")] if described else []), *marks)


def _head(*columns: str) -> Iterator[str]:
    yield _row(*columns, *LANGUAGES.values())
    yield _row(*("---" for _ in columns), *("---" for _ in LANGUAGES))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
