"""The plots of the report, as SVG that is the same for the same numbers."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

if TYPE_CHECKING:
    from .report import Report

_STYLE = {
    "svg.fonttype": "none",  # text stays text: it is found, and shown in the reader's fonts
    "svg.hashsalt": "gpt4all",  # otherwise names within the file differ each time
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_KEPT, _DROPPED, _ALL = "#2a7f62", "#b5483a", "#8a94a6"
_LANGUAGES = 12


def draw(report: Report) -> Iterator[tuple[str, str, str]]:
    """Each plot: its title, what it shows, and its SVG."""
    with mpl.rc_context(_STYLE):
        yield (
            "What is left after each step",
            "Rows that are left, and in red those dropped.",
            _svg(_steps(report)),
        )
        if reasons := {name: report.total.dropped[name] for name in report.reasons if report.total.dropped[name]}:
            yield "Why rows were dropped", "Rows by the first reason that applied.", _svg(_bars(reasons, _DROPPED))
        if report.total.lengths:
            note = "Conversations by their characters; each bar stands for lengths 1.4 times those of the one before."
            yield "Lengths", note, _svg(_lengths(report))
        if report.total.languages:
            shown = dict(report.total.languages.most_common(_LANGUAGES))
            yield "Languages", "Rows that came that far; und is undetermined.", _svg(_bars(shown, _ALL))
        if report.found.similarities.any():
            note = "Rows dropped as near duplicates, by the similarity to the row that stays."
            yield "Near duplicates", note, _svg(_similarities(report))


def _steps(report: Report) -> Figure:
    steps = report.steps()
    names = [step["step"] for step in steps]
    left = [step["left"] for step in steps]
    lost = [step["dropped"] for step in steps]
    figure, axes = _figure(len(names))
    axes.barh(names, left, color=_KEPT)
    axes.barh(names, lost, left=left, color=_DROPPED)
    return _as_rows(figure, axes, left, [step["rows"] for step in steps])


def _bars(values: Mapping[str, int], colour: str) -> Figure:
    figure, axes = _figure(len(values))
    axes.barh(list(values), list(values.values()), color=colour)
    return _as_rows(figure, axes, list(values.values()), list(values.values()))


def _lengths(report: Report) -> Figure:
    figure, axes = _figure(7)
    buckets = range(min(report.total.lengths), max(report.total.lengths) + 1)
    for counted, colour, label in ((report.total.lengths, _ALL, "read"), (report.counts.lengths, _KEPT, "kept")):
        heights = [counted[bucket] for bucket in buckets]
        axes.bar([bucket + 0.5 for bucket in buckets], heights, 0.95, color=colour, label=label)
    every = max(1, len(buckets) // 8)
    ticks = list(buckets)[::every]
    axes.set_xticks(ticks, [f"{round(2 ** (tick / 2)):,}" for tick in ticks])
    axes.set_xlabel("characters")
    axes.yaxis.set_major_formatter(_thousands())
    axes.legend(frameon=False)
    return figure


def _similarities(report: Report) -> Figure:
    figure, axes = _figure(5)
    least = int(report.found.similarities.nonzero()[0][0])
    percents = range(least, 101)
    axes.bar(percents, report.found.similarities[least:], 0.95, color=_DROPPED)
    axes.set_xlabel("estimated similarity, %")
    axes.yaxis.set_major_formatter(_thousands())
    return figure


def _figure(rows: int) -> tuple[Figure, Any]:
    figure = Figure(figsize=(7.5, 0.9 + 0.32 * rows), layout="constrained")
    return figure, figure.subplots()


def _as_rows(figure: Figure, axes: Any, values: list[int], ends: list[int]) -> Figure:
    """Bars with their values behind their ends."""
    axes.invert_yaxis()
    axes.margins(x=0.12)
    for at, (value, end) in enumerate(zip(values, ends, strict=True)):
        axes.annotate(f"{value:,}", (end, at), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.xaxis.set_major_formatter(_thousands())
    return figure


def _thousands() -> Any:
    return FuncFormatter(lambda value, _: f"{value:,.0f}" if value == int(value) else "")


def _svg(figure: Figure) -> str:
    """The picture as part of a page: without the head of a file, and as wide as there is room."""
    file = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the reader's fonts are used, not matplotlib's
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    return re.sub(r'(<svg[^>]*?) width="[^"]*"|(<svg[^>]*?) height="[^"]*"', r"\1\2", text, count=2)
