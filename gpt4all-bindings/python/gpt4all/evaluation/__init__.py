"""What a model can do: its accuracy in tasks, such as the seven with which GPT4All compared models."""

from __future__ import annotations

from typing import Any

from .._model import Model
from ._errors import TaskDataError, UnknownTaskError
from ._evaluate import Evaluation, Report, TaskResult, difference, evaluate
from ._packages import lm_eval
from ._report import as_json, as_markdown, plot, plot_sweep, sweep_as_json, sweep_as_markdown
from ._sweep import SWEEP_TYPES, Candidate, Sweep, sweep
from ._tasks import SEVEN_TASKS, published

__all__ = [
    "SEVEN_TASKS",
    "SWEEP_TYPES",
    "Candidate",
    "Evaluation",
    "Report",
    "Sweep",
    "TaskDataError",
    "TaskResult",
    "UnknownTaskError",
    "as_json",
    "as_markdown",
    "difference",
    "evaluate",
    "language_model",
    "plot",
    "plot_sweep",
    "published",
    "sweep",
    "sweep_as_json",
    "sweep_as_markdown",
]


def language_model(model: Model, *, seed: int = 0) -> Any:
    """The model as lm-eval's `simple_evaluate(model=...)` and its own programs take one.

    seed: of answers that are drawn. Raises UnsupportedError without lm-eval.
    """
    lm_eval()
    from ._language_model import LibraryLM

    return LibraryLM(model, seed=seed)
