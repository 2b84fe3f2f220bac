"""One model in many types: what each costs in accuracy, and what it gains in size and speed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .._library import PathLike
from .._model import Model, quantize
from .._speed import tokens_per_second
from ._evaluate import Evaluation, Report, difference, evaluate
from ._tasks import SEVEN_TASKS

SWEEP_TYPES = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "IQ4_NL", "Q3_K_M", "Q2_K")
"""What sweep() tries if it is told no types, from the largest to the smallest."""

_SPEED_PROMPT, _SPEED_GEN, _SPEED_RUNS = 128, 32, 3


@dataclass(frozen=True)
class Candidate:
    """A model in one type.

    read_per_second, write_per_second: tokens of a prompt, and of an answer, on this machine.
    difference: of its average from the original's; difference_error is its standard error, over the same questions.
    """

    evaluation: Evaluation
    read_per_second: float
    write_per_second: float
    difference: float = 0.0
    difference_error: float = 0.0

    @property
    def is_worse(self) -> bool:
        """Whether it is farther below the original than chance explains: by more than two standard errors."""
        return self.difference < -2 * self.difference_error


@dataclass(frozen=True)
class Sweep:
    """The original, and what was made of it."""

    original: Candidate
    models: Sequence[Candidate]

    @property
    def recommended(self) -> Candidate | None:
        """The one that writes fastest among those that are not worse than the original and smaller than it."""
        good = [each for each in self.models if not each.is_worse]
        smaller = [each for each in good if each.evaluation.size < self.original.evaluation.size]
        return max(smaller, key=lambda each: each.write_per_second, default=None)


def sweep(
    original: PathLike,
    folder: PathLike,
    types: Iterable[str] | None = None,
    *,
    tasks: Iterable[str] = SEVEN_TASKS,
    keep: bool = False,
    quantize_options: Mapping[str, Any] | None = None,
    open_options: Mapping[str, Any] | None = None,
    report: Report = lambda task, done, total: None,
    making: Callable[[str, float], None] = lambda type, fraction: None,
    **asking: Any,
) -> Sweep:
    """Quantises a model to each type, by default SWEEP_TYPES, and evaluates the results and the model itself.

    Each type has a folder in `folder`, for the file, ORIGINAL-TYPE.gguf, and for what the model answers. A file is
    deleted after its evaluation unless keep=True; one that is there is taken as it is. With the same folder, a sweep
    that was stopped goes on. quantize_options: of quantize(), such as imatrix. open_options: of Model. making: called
    with a type and how much of its file is written. asking: the other arguments of evaluate().

    Raises the errors of quantize(), of Model and of evaluate().
    """
    source, folder, tasks = Path(original), Path(folder), tuple(tasks)
    folder.mkdir(parents=True, exist_ok=True)

    def judged(path: Path, name: str) -> Candidate:
        with Model(path, **(open_options or {})) as model:
            found = evaluate(
                model,
                tasks,
                folder=folder / name.lower(),
                report=lambda task, done, total: report(f"{name}: {task}", done, total),
                **asking,
            )
            return Candidate(
                found, _speed(model, "prompt", _SPEED_PROMPT, 1), _speed(model, "predicted", 1, _SPEED_GEN)
            )

    first, models = judged(source, "original"), list[Candidate]()
    for type in SWEEP_TYPES if types is None else types:
        target = folder / type.lower() / f"{source.stem}-{type.lower()}.gguf"
        target.parent.mkdir(exist_ok=True)
        try:
            if not target.exists():
                _quantize(source, target, type, quantize_options or {}, making)
            models.append(_beside(first, judged(target, type)))
        finally:
            if not keep:
                target.unlink(missing_ok=True)
    return Sweep(first, models)


def _quantize(
    source: Path, target: Path, type: str, options: Mapping[str, Any], making: Callable[[str, float], None]
) -> None:
    def told(fraction: float) -> None:
        making(type, fraction)

    quantize(source, target, type=type, progress=told, **options)  # type: ignore[arg-type]


def _beside(original: Candidate, other: Candidate) -> Candidate:
    """The other one, with its difference from the original."""
    found = difference(original.evaluation, other.evaluation)
    return Candidate(other.evaluation, other.read_per_second, other.write_per_second, *found)


def _speed(model: Model, part: Literal["prompt", "predicted"], n_prompt: int, n_gen: int) -> float:
    """The median of a few runs after one to warm up."""
    speeds = [tokens_per_second(model, part, n_prompt, n_gen, seed) for seed in range(_SPEED_RUNS + 1)]
    return statistics.median(speeds[1:])
