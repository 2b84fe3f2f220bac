"""Draws models with weights of each type: plot_weights.py RESULTS.json OUT.svg (needs matplotlib)"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from instruction_sets import KINDS, question
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, ScalarFormatter
from tables import BENCH, C_API, IK, LCP, LIMIT, SERVER

TESTS = {"prompt": "prompt of 256", "long": "prompt of 4,096", "decode": "decoding", "chats": "eight chats"}
MARKS = {C_API: "o", BENCH: "s", SERVER: "D", LCP: "^", IK: "v", LIMIT: "_"}
Measured = Mapping[str, Mapping[str, Sequence[float]]]


@dataclass(frozen=True)
class Kind:
    """A set of instructions of a maker's processor, and what was measured with it."""

    of_set: str
    maker: str
    measured: Measured

    def types(self, test: str) -> list[str]:
        """The files of which a test has a number, in the order in which they were measured."""
        begin = f"{self.of_set} {test} "
        return [name.removeprefix(begin) for name in self.measured if name.startswith(begin)]


def draw(axes: Axes, kind: Kind, test: str) -> None:
    """A panel: tokens for a second by file, on a logarithmic scale, a mark for each contender."""
    names = kind.types(test)
    for number, (contender, mark) in enumerate(MARKS.items()):
        found = [kind.measured[f"{kind.of_set} {test} {name}"].get(contender, ()) for name in names]
        points = [(place, statistics.median(each)) for place, each in enumerate(found) if each]
        colour, size = ("black", 11.0) if contender == LIMIT else (f"C{number}", 4.5)
        if points:
            axes.plot(*zip(*points, strict=True), mark, color=colour, label=contender, markersize=size)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(10, (1, 2, 5)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
    axes.tick_params(axis="y", labelsize=7)
    axes.grid(axis="y", lw=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """A row for each set of instructions and maker of processors, a column for each test."""
    results = json.loads(Path(sys.argv[1]).read_text())
    mpl.rcParams["svg.hashsalt"] = "gpt4all"  # the same numbers give the same file
    asked = {(of_set, maker): results["questions"].get(question(of_set, maker)) for of_set, maker in KINDS}
    kinds = [Kind(*name, entry["values"]) for name, entry in asked.items() if entry]
    tests = [test for test in TESTS if any(kind.types(test) for kind in kinds)]
    widths = [3 + max(len(kind.types(test)) for kind in kinds) for test in tests]
    size = (1.5 * len(tests) + 0.25 * sum(widths), 2.6 * len(kinds) + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(kinds), len(tests), squeeze=False, gridspec_kw={"width_ratios": widths})
    for row, kind in zip(grid, kinds, strict=True):
        for axes, test in zip(row, tests, strict=True):
            draw(axes, kind, test)
            axes.set_title(f"{kind.of_set}, {kind.maker}, {TESTS[test]}", fontsize=9)
        row[0].set_ylabel("tokens/s (median)", fontsize=8)
    marks = {label: mark for axes in figure.axes for mark, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    order = [name for name in MARKS if name in marks]
    figure.legend(
        [marks[name] for name in order], order, loc="outside upper center", ncols=6, fontsize=8, frameon=False
    )
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
