"""Draws servers under load: plot_serving.py RESULTS.json OUT.svg (needs matplotlib)"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from serving import CLIENTS, KINDS
from tables import ORDER

TITLES = {"unshared": "prompts that begin differently", "shared": "prompts with a shared prefix"}
ROWS = (("total", "tokens/s", 1.0), ("p95", "first token, ms (95th percentile)", 1e3))


def draw(axes: Any, measured: dict[str, dict[str, list[float]]], kind: str, measure: str, scale: float) -> None:
    """A line for each server, from the fewest clients to the most, with whiskers over all rounds."""
    names = [name for name in ORDER if name in measured[f"{kind} {CLIENTS[0]} {measure}"]]
    for name in names:
        rounds = [[scale * value for value in measured[f"{kind} {count} {measure}"][name]] for count in CLIENTS]
        middle = [statistics.median(values) for values in rounds]
        below = [median - min(values) for median, values in zip(middle, rounds, strict=True)]
        above = [max(values) - median for median, values in zip(middle, rounds, strict=True)]
        axes.errorbar(range(len(CLIENTS)), middle, yerr=[below, above], marker="o", ms=4, capsize=3, lw=1.2, label=name)
    axes.set_xticks(range(len(CLIENTS)), [f"{count} chat{'s' if count > 1 else ''}" for count in CLIENTS])
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Throughput above, the longest waits below; own prefixes on the left, a shared one on the right."""
    results = json.loads(Path(sys.argv[1]).read_text())
    mpl.rcParams["svg.hashsalt"] = "gpt4all"  # the same numbers give the same file
    measured = results["questions"]["serving"]["values"]
    figure = Figure(figsize=(9, 6), layout="constrained")
    all_axes = figure.subplots(len(ROWS), len(KINDS), sharey="row", squeeze=False)
    for place, (measure, unit, scale) in enumerate(ROWS):
        row = all_axes[place]
        row[0].set_ylabel(unit)
        for axes, kind in zip(row, KINDS, strict=True):
            draw(axes, measured, kind, measure, scale)
            if place == 0:
                axes.set_title(TITLES[kind], fontsize=10)
    # Only now: limits that are set are not moved by what is drawn afterwards.
    all_axes[0][0].set_ylim(bottom=0)
    all_axes[1][0].set_yscale("log")
    all_axes[0][0].legend(fontsize=8, frameon=False)
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
