"""The report: how many rows were read, what became of each, and what those look like that were dropped."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..manifest import as_json
from ..storage import write_whole
from . import plots
from .chunks import Sample, Tally
from .contamination import TaskSummary
from .duplicates import Found
from .reasons import described
from .result import Counts
from .settings import Curate

_LANGUAGES_SHOWN = 20
# What a browser would obey instead of showing it: directions of writing, for one.
_CONTROL = {"Cc", "Cf", "Co", "Cn", "Cs"}
_SHOWN_AS_IS = {"\n", "\t", "\u200d"}


@dataclass(frozen=True)
class Report:
    """What is to be reported."""

    settings: Curate
    counts: Counts
    found: Found
    tasks: Mapping[str, TaskSummary]

    @cached_property
    def total(self) -> Tally:
        """Of all sources together."""
        total = Tally()
        for tally in self.counts.by_source:
            total.add(tally, self.settings.samples)
        return total

    @property
    def read(self) -> int:
        """How many rows were read."""
        return self.total.read

    @property
    def kept(self) -> int:
        """How many stay."""
        return sum(self.counts.kept)

    @property
    def dropped(self) -> int:
        """How many do not."""
        return self.total.dropped.total()

    @cached_property
    def reasons(self) -> dict[str, tuple[str, str]]:
        """Every reason with its step and what it means."""
        return described(self.settings.cleaning.patterns)

    def steps(self) -> list[dict[str, Any]]:
        """What each step got, dropped and left, with the reasons that occurred."""
        left = self.read
        found = []
        for step in dict.fromkeys(step for step, _ in self.reasons.values()):
            why = {name: self.total.dropped[name] for name, (of, _) in self.reasons.items() if of == step}
            dropped = self.dropped_by(step, self.total)
            found.append({"step": step, "rows": left, "dropped": dropped, "left": left - dropped, "reasons": why})
            left -= dropped
        return found

    def dropped_by(self, step: str, tally: Tally) -> int:
        """How many of some rows a step dropped."""
        return sum(tally.dropped[name] for name, (of, _) in self.reasons.items() if of == step)

    def as_data(self) -> dict[str, Any]:
        """What report.json has."""
        sources = [
            {
                "source": source.name,
                "license": source.license,
                "author": source.author,
                "read": tally.read,
                "repaired": tally.repaired,
                "dropped": _positive(tally.dropped, self.reasons),
                "kept": kept,
            }
            for source, tally, kept in zip(self.settings.sources, self.counts.by_source, self.counts.kept, strict=True)
        ]
        return {
            "title": self.settings.title,
            "rows": {"read": self.read, "kept": self.kept, "dropped": self.dropped, "repaired": self.total.repaired},
            "parts": dict(self.counts.rows),
            "steps": self.steps(),
            "sources": sources,
            "languages": {
                "examined": dict(self.total.languages.most_common()),
                "kept": dict(self.counts.languages.most_common()),
            },
            "tasks": {name: {**asdict(each), "rows": self.total.tasks[name]} for name, each in self.tasks.items()},
            "samples": {
                name: [{key: value for key, value in vars(each).items() if key != "priority"} for each in samples]
                for name, samples in self.total.samples.items()
            },
        }


def write_report(report: Report, folder: Path) -> list[Path]:
    """Writes report.json and report.html. Raises OutputError."""
    paths = [folder / "report.json", folder / "report.html"]
    write_whole(paths[0], as_json(report.as_data()))
    write_whole(paths[1], _page(report).encode("utf-8"))
    return paths


def visible(text: str) -> str:
    """A text in which characters that control how it is shown can be seen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each if each in _SHOWN_AS_IS or unicodedata.category(each) not in _CONTROL else f"⟨U+{ord(each):04X}⟩"
        for each in text
    )


def _page(report: Report) -> str:
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,  # sources are hostile
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=lambda value: f"{value:,}", share=_share, visible=visible)
    samples: dict[str, list[Sample]] = {
        name: report.total.samples[name] for name in report.reasons if report.total.samples.get(name)
    }
    return environment.get_template("report.html.jinja").render(
        report=report,
        title=report.settings.title,
        sources=list(zip(report.settings.sources, report.counts.by_source, report.counts.kept, strict=True)),
        steps=[step["step"] for step in report.steps()],
        languages=report.total.languages.most_common(_LANGUAGES_SHOWN),
        samples=samples,
        plots=[(title, note, Markup(svg)) for title, note, svg in plots.draw(report)],
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _positive(counted: Counter[str], order: Mapping[str, object]) -> dict[str, int]:
    return {name: counted[name] for name in order if counted[name]}
