"""Comparisons as a table, as JSON and as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._compare import Comparison, Quality
from ._packages import require

HEADINGS = (
    "Type", "Size, MB", "Bits per weight", "Perplexity", "KL divergence", "Same top token", "Reads, tokens/s",
    "Writes, tokens/s", "Memory, MB",
)  # fmt: skip


def as_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """The cells of the table, the original first."""
    return [_row(model) for model in (comparison.original, *comparison.models)]


def as_markdown(comparison: Comparison) -> str:
    """The table, with what it was made from."""
    lines = [
        f"| {' | '.join(HEADINGS)} |",
        f"| --- |{' ---: |' * (len(HEADINGS) - 1)}",
        *(f"| {' | '.join(row)} |" for row in as_rows(comparison)),
    ]
    judged = f"{comparison.tokens} tokens were judged; ± is the standard error. MB are millions of bytes."
    memory = f"Memory is estimated for a context of {comparison.n_ctx} tokens."
    return "\n".join([*lines, "", f"{judged} {memory}", ""])


def as_json(comparison: Comparison) -> dict[str, Any]:
    """All numbers, under the names that Quality and Divergence give them."""
    return {
        "tokens": comparison.tokens,
        "n_ctx": comparison.n_ctx,
        "original": _members(comparison.original),
        "models": [_members(model) for model in comparison.models],
    }


def plot(comparison: Comparison, path: Path) -> None:
    """Plots quality against size and against speed, in the format given by the file's extension (svg, png, pdf).

    Raises UnsupportedError without Matplotlib.
    """
    figure = require("matplotlib.figure").Figure(figsize=(10, 4.5), layout="constrained")
    by_size, by_speed = figure.subplots(1, 2, sharey=True)
    judged = [model for model in comparison.models if model.divergence]
    for axes, label, values in (
        (by_size, "size, MB", [model.size / 1e6 for model in judged]),
        (by_speed, "writing, tokens/s", [model.write_per_second for model in judged]),
    ):
        divergences = [model.divergence.kl_divergence for model in judged if model.divergence]
        axes.scatter(values, divergences)
        for model, x, y in zip(judged, values, divergences, strict=True):
            axes.annotate(model.quantization, (x, y), textcoords="offset points", xytext=(5, 3), fontsize=8)
        axes.margins(x=0.15)  # for the names
        axes.set_xlabel(label)
        axes.set_yscale("log")
        axes.grid(alpha=0.3)
    by_size.set_ylabel("KL divergence from the original, nats (less is better)")
    figure.suptitle(comparison.original.path.name)
    figure.savefig(path)


def _row(model: Quality) -> tuple[str, ...]:
    far = model.divergence
    return (
        model.quantization,
        f"{model.size / 1e6:.1f}",
        f"{model.bits_per_weight:.2f}",
        f"{model.perplexity:.3f} ± {model.perplexity_error:.3f}",
        f"{far.kl_divergence:.5f} ± {far.kl_error:.5f}" if far else "",
        f"{100 * far.top_agreement:.1f} %" if far else "",
        f"{model.read_per_second:.1f}",
        f"{model.write_per_second:.1f}",
        f"{model.memory / 1e6:.0f}",
    )


def _members(model: Quality) -> dict[str, Any]:
    far = {"divergence": vars(model.divergence) if model.divergence else None}
    return {**vars(model), "path": str(model.path), **far}
