"""Draws decode speed beside busy neighbours: plot_neighbours.py RESULTS.json OUT.svg (needs matplotlib)"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from tables import ORDER


def main() -> None:
    """Grouped bars: a group for each number of neighbours, whiskers from the least to the greatest round."""
    results = json.loads(Path(sys.argv[1]).read_text())
    mpl.rcParams["svg.hashsalt"] = "gpt4all"  # the same numbers give the same file
    measured = results["questions"]["neighbours"]["values"]
    names = [name for name in ORDER if name in measured["decode_0"]]
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        rounds = [measured[f"decode_{level}"][name] for level in (0, 1, 2)]
        middle = [statistics.median(values) for values in rounds]
        below = [median - min(values) for median, values in zip(middle, rounds, strict=True)]
        above = [max(values) - median for median, values in zip(middle, rounds, strict=True)]
        centres = [level - 0.4 + width * (place + 0.5) for level in (0, 1, 2)]
        axes.bar(centres, middle, width * 0.92, yerr=[below, above], capsize=2, error_kw={"lw": 0.8}, label=name)
    axes.set_xticks((0, 1, 2), ("no neighbour", "one busy neighbour", "two busy neighbours"))
    axes.set_ylabel("decode, tokens/s (median, range)")
    axes.set_title(f"{results['settings']['model']}, {results['settings']['threads']} threads", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
