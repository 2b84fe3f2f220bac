"""What quantising costs: compares a model with the one that it was made from, in quality, size and speed."""

from __future__ import annotations

from ._compare import Comparison, Divergence, Quality, Report, compare
from ._recommend import GOOD_AGREEMENT, recommend
from ._sweep import DEFAULT_TYPES, IMATRIX_TYPES, default_types, sweep
from ._table import as_json, as_markdown, plot

__all__ = [
    "DEFAULT_TYPES",
    "GOOD_AGREEMENT",
    "IMATRIX_TYPES",
    "Comparison",
    "Divergence",
    "Quality",
    "Report",
    "as_json",
    "as_markdown",
    "compare",
    "default_types",
    "plot",
    "recommend",
    "sweep",
]
