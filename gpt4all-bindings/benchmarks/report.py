"""Turns results.json into docs/benchmarks.md: a table for each question, and how far the targets are met."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import tables
import weights_page
from tables import ORDER, Column, Table

TABLES = (*tables.TABLES, *weights_page.TABLES)
TARGETS = (*tables.TARGETS, *weights_page.TARGETS)


def values(results: dict[str, Any], column: Column, name: str) -> list[float]:
    """A contender's values of a measure, one per turn."""
    measured = results["questions"].get(column.question, {}).get("values", {}).get(column.measure, {})
    return [value * column.scale for value in measured.get(name, [])]


def ratio(results: dict[str, Any], column: Column, name: str, reference: str) -> float | None:
    """The median over the turns of a contender's value divided by the reference's in the same turn."""
    other = values(results, column, reference)
    if column.against:
        other = values(results, replace(column, measure=column.against), name)
    pairs = zip(values(results, column, name), other, strict=False)
    ratios = [ours / theirs for ours, theirs in pairs]
    return statistics.median(ratios) if ratios else None


def number(value: float) -> str:
    """With three digits or more."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(results: dict[str, Any], column: Column, name: str) -> str:
    """Median, range, and the ratio to the reference."""
    found = values(results, column, name)
    if not found:
        return "–"
    text = f"**{number(statistics.median(found))}** ({number(min(found))} to {number(max(found))})"
    compared = ratio(results, column, name, column.reference)
    if compared is None or name == column.reference:
        return text
    return f"{text} × {compared:.2f}" if compared >= 0.01 else f"{text} × {compared:.4f}"


def table(results: dict[str, Any], spec: Table, plots: Mapping[str, str]) -> Iterator[str]:
    """The lines of a section; none if its question was not asked. plots: the path of each picture that there is."""
    present = [name for name in ORDER if any(values(results, column, name) for column in spec.columns)]
    if not present:
        return
    yield f"## {spec.title}"
    yield ""
    yield spec.text.format(**results["settings"])
    yield ""
    if spec.plot and spec.plot.file in plots:
        yield f"![{spec.plot.shows}]({plots[spec.plot.file]})"
        yield ""
    columns = [column for column in spec.columns if any(values(results, column, name) for name in present)]
    yield "| | " + " | ".join(column.head for column in columns) + " |"
    yield "| --- |" + " ---: |" * len(columns)
    for name in present:
        yield f"| {name} | " + " | ".join(cell(results, column, name) for column in columns) + " |"
    references = sorted({column.reference for column in columns if column.reference in present})
    if references:
        yield ""
        yield f"× is the ratio to {' and '.join(references)} in the same turn."
    yield ""


def targets(results: dict[str, Any]) -> Iterator[str]:
    """The lines of the section that says what is reached."""
    rows = []
    explained = set()
    for target in TARGETS:
        found = ratio(results, target.column, target.name, target.reference)
        if found is not None:
            reached = f"**no**{', *' if target.explained else ''}" if found < target.least else "yes"
            rows.append(f"| {target.what} | {target.least:.2f} | {found:.3f} | {reached} |")
            explained |= {target.explained} if found < target.least else set()
    if rows:
        yield from ("## Targets", "", "| | at least | measured | reached |", "| --- | ---: | ---: | --- |", *rows, "")
    if pages := sorted(explained - {""}):
        named = " and ".join([*filter(None, [", ".join(pages[:-1])]), pages[-1]])
        yield from (f"\\* What keeps these from their targets is said in {named}.", "")


def facts(results: dict[str, Any]) -> Iterator[str]:
    """Where, when and with what it was measured."""
    machine, versions, settings = results["machine"], results["versions"], results["settings"]
    yield f"* **Date** {results['date']}, {results['rounds']} rounds"
    sets = ", ".join(machine["instruction_sets"]) or "not known"
    size = f"{machine['cores']} cores, {machine['memory_gib']:.0f} GiB"
    yield f"* **Machine** {machine['cpu']}, {size}, {machine['system']}"
    yield f"* **Instruction sets** {sets}"
    yield f"* **Load** {machine['load']:.2f} before the first round"
    yield (
        f"* **Model** {settings['model']}; {settings['threads']} threads; n_batch and n_ubatch {settings['n_prompt']};"
        " flash attention on; temperature 0"
    )
    yield "* **Versions** " + ", ".join(f"{name} {version}" for name, version in versions.items())
    for question, entry in results["questions"].items():
        if "date" in entry:
            there, threads = entry["machine"], entry["threads"]
            told = f"{entry['rounds']} rounds, {threads} thread{'s' if threads > 1 else ''}, {there['cpu']}"
            told += f", load {there['load']:.2f} before it"
            if there["load"] > 0.5:
                told += " (other programs were running: a ratio is only as good as the ranges are narrow)"
            yield f'* **Asked again** "{question}" on {entry["date"]}, {told}'
        for name, failure in entry.get("failures", {}).items():
            yield f'* **Not measured** {name} in "{question}": {failure.splitlines()[-1] if failure else "failed"}'


def page(results: dict[str, Any], plots: Mapping[str, str]) -> str:
    """docs/benchmarks.md. plots: the path of each picture that there is, by its file's name."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. The underlying numbers are in",
        "[benchmarks/results.json](benchmarks/results.json).",
        "",
        *facts(results),
        "",
        "Everything was measured in one run, but for what was asked again. In each round, every contender runs in",
        "turn, in a process of its own, and each turn begins with a different one, so that what disturbs the",
        "machine disturbs all of them. Numbers are medians over the turns, with the minimum and maximum in",
        "brackets; ratios are medians of the turns' ratios. libllmodel, llama-bench and llama-server are built from",
        "the same patched source with the same flags, the latter two with ggml's kernels instead of ours; the others",
        "are built the way their makers publish them.",
        "",
    ]
    lines += targets(results)
    for spec in TABLES:
        lines += table(results, spec, plots)
    return "\n".join(lines).rstrip("\n") + "\n"
