"""Evaluations as JSON, as tables and as plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ._evaluate import Evaluation
from ._packages import require
from ._sweep import Candidate, Sweep
from ._tasks import SEVEN, SEVEN_TASKS, published

HEADINGS = ("Task", "Metric", "Value, %", "Items")
SWEEP_HEADINGS = (
    "Type", "Size, MB", "Bits per weight", "Average, %", "From the original, %", "Reads, tokens/s", "Writes, tokens/s",
)  # fmt: skip
NAMED = ("GPT4All-J v1.3-groovy", "GPT4All 13B snoozy", "text-davinci-003")
"""Published models that are shown beside an evaluation in a terminal, and named in plots."""


def as_rows(found: Evaluation) -> list[tuple[str, ...]]:
    """The cells of the table of a model's tasks, with the average last; for the seven tasks with NAMED beside them."""
    rows: list[tuple[str, ...]] = [
        (_label(each.task), each.metric, _percent(each.value, each.error), str(each.items))
        for each in found.tasks.values()
    ]
    items = sum(each.items for each in found.tasks.values())
    rows.append(("average", "", _percent(found.average, found.average_error), str(items)))
    if not is_seven(found):
        return rows
    table = published()
    return [
        (*row, *(f"{table[model][task]:.1f}" for model in NAMED))
        for row, task in zip(rows, (*found.tasks, "average"), strict=True)
    ]


def headings(found: Evaluation) -> tuple[str, ...]:
    """Of as_rows()."""
    return (*HEADINGS, *NAMED) if is_seven(found) else HEADINGS


def is_seven(found: Evaluation) -> bool:
    """Whether it is of the seven tasks, and can be put beside what was published."""
    return set(found.tasks) == set(SEVEN_TASKS)


def as_markdown(found: Evaluation) -> str:
    """The table of a model's tasks; for the seven tasks, also the published table with the model in its place."""
    lines = [f"# {found.model}", "", *_table(HEADINGS, [row[: len(HEADINGS)] for row in as_rows(found)], left=2), ""]
    asked = f"the first {found.limit} items of each task" if found.limit else "all items of the data"
    prompts = f"{found.fewshot} examples in each prompt" if found.fewshot else "no examples in prompts"
    chat = "the model's chat template" if found.chat_template else "no chat template"
    lines += [f"± is the standard error. Asked: {asked}, with {prompts} and {chat}.", ""]
    if is_seven(found):
        own = {**{name: 100 * each.value for name, each in found.tasks.items()}, "average": 100 * found.average}
        rows = [(f"**{found.model}**", own), *published().items()]
        rows.sort(key=lambda row: -row[1]["average"])
        names = (*SEVEN_TASKS, "average")
        cells = [(model, *(f"{values[name]:.1f}" for name in names)) for model, values in rows]
        lines += ["## Beside the published models", ""]
        lines += [*_table(("Model", *map(_label, names)), cells), ""]
    return "\n".join(lines)


def as_json(found: Evaluation) -> dict[str, Any]:
    """All numbers, under the names that Evaluation and TaskResult give them."""
    return {**asdict(found), "average": found.average, "average_error": found.average_error}


def plot(found: Evaluation, path: Path) -> None:
    """Plots a model's accuracy in the seven tasks among those of the published models, in the format that the file's
    extension names (svg, png, pdf).

    Raises UnsupportedError without Matplotlib.
    """
    figure = require("matplotlib.figure").Figure(figsize=(9, 5), layout="constrained")
    axes, table, names = figure.subplots(), published(), (*SEVEN_TASKS, "average")
    places = range(len(names))
    others = [(values[name], at) for values in table.values() for at, name in zip(places, names, strict=True)]
    axes.scatter(
        *zip(*others, strict=True), marker="|", s=160, color="#9aa0a6", linewidths=1, label="36 published models"
    )
    for model, marker, colour in zip(NAMED, "os^", ("#1a73e8", "#188038", "#b06000"), strict=True):
        values = [table[model][name] for name in names]
        axes.scatter(values, places, marker=marker, s=36, facecolors="none", edgecolors=colour, label=model)
    own = [*(found.tasks[name].value for name in SEVEN_TASKS), found.average]
    errors = [*(found.tasks[name].error or 0.0 for name in SEVEN_TASKS), found.average_error]
    axes.errorbar(
        [100 * each for each in own], places, xerr=[100 * each for each in errors], fmt="D", color="#d93025", capsize=3,
        label=f"{found.model} ± standard error",
    )  # fmt: skip
    axes.set_yticks(places, [_label(name) for name in names])
    axes.invert_yaxis()
    axes.set_xlabel("accuracy, %")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path)


def sweep_rows(found: Sweep) -> list[tuple[str, ...]]:
    """The cells of the table of a sweep, the original first."""
    return [_sweep_row(found.original, ""), *(_sweep_row(each, _difference(each)) for each in found.models)]


def sweep_as_markdown(found: Sweep) -> str:
    """The table of a sweep, and the one of its tasks."""
    first = found.original.evaluation
    every = (found.original, *found.models)
    tasks = [
        (each.evaluation.quantization, *(f"{100 * result.value:.1f}" for result in each.evaluation.tasks.values()))
        for each in every
    ]
    lines = [f"# {first.model}", "", *_table(SWEEP_HEADINGS, sweep_rows(found)), ""]
    lines += [*_table(("Type", *map(_label, first.tasks)), tasks), ""]
    items = sum(each.items for each in first.tasks.values())
    lines += [f"{items} questions; ± is the standard error, of differences that over the same questions.", ""]
    return "\n".join(lines)


def sweep_as_json(found: Sweep) -> dict[str, Any]:
    """All numbers of a sweep."""
    best = found.recommended
    return {
        "original": _candidate(found.original),
        "models": [_candidate(each) for each in found.models],
        "recommended": best.evaluation.quantization if best else None,
    }


def plot_sweep(found: Sweep, path: Path) -> None:
    """Plots accuracy against size and against speed. Raises UnsupportedError without Matplotlib."""
    figure = require("matplotlib.figure").Figure(figsize=(10, 4.5), layout="constrained")
    by_size, by_speed = figure.subplots(1, 2, sharey=True)
    every = (found.original, *found.models)
    averages = [100 * each.evaluation.average for each in every]
    errors = [100 * abs(each.difference_error) for each in every]
    for axes, label, values in (
        (by_size, "size, MB", [each.evaluation.size / 1e6 for each in every]),
        (by_speed, "writing, tokens/s", [each.write_per_second for each in every]),
    ):
        axes.errorbar(values, averages, yerr=errors, fmt="o", capsize=3)
        axes.axhline(averages[0], linewidth=0.8, linestyle="--", color="#5f6368")
        for each, x, y in zip(every, values, averages, strict=True):
            name = each.evaluation.quantization + (" (original)" if each is found.original else "")
            axes.annotate(name, (x, y), textcoords="offset points", xytext=(5, 3), fontsize=8)
        axes.margins(x=0.15)  # for the names
        axes.set_xlabel(label)
        axes.grid(alpha=0.3)
    by_size.set_ylabel("average accuracy, % ± standard error of the difference")
    figure.suptitle(found.original.evaluation.model)
    figure.savefig(path)


def _candidate(each: Candidate) -> dict[str, Any]:
    return {**asdict(each), "evaluation": as_json(each.evaluation), "is_worse": each.is_worse}


def _sweep_row(each: Candidate, difference: str) -> tuple[str, ...]:
    known = each.evaluation
    return (
        known.quantization,
        f"{known.size / 1e6:.1f}",
        f"{8 * known.size / known.n_params:.2f}",
        _percent(known.average, known.average_error),
        difference,
        f"{each.read_per_second:.1f}",
        f"{each.write_per_second:.1f}",
    )


def _difference(each: Candidate) -> str:
    return f"{100 * each.difference:+.1f} ± {100 * each.difference_error:.1f}"


def _label(task: str) -> str:
    return SEVEN[task].label if task in SEVEN else task


def _percent(value: float, error: float | None) -> str:
    return f"{100 * value:.1f}" + ("" if error is None else f" ± {100 * error:.1f}")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    return [
        f"| {' | '.join(headings)} |",
        f"|{' --- |' * left}{' ---: |' * (len(headings) - left)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
