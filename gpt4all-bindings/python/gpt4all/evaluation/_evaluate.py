"""A model's accuracy in tasks."""

from __future__ import annotations

import contextlib
import hashlib
import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._errors import InvalidArgumentError
from .._library import PathLike
from .._model import Model
from .._version import version
from ._answers import Answers
from ._harness import Tasks
from ._harness import evaluate as ask
from ._packages import lm_eval
from ._tasks import SEVEN, SEVEN_TASKS

Report = Callable[[str, int, int], None]
"""Called with a task's name, how many of its requests are answered, and how many there are."""


@dataclass(frozen=True)
class TaskResult:
    """What a model reached in a task.

    metric: the name of the one that counts: for the seven tasks, that of the published table. value, error: this, and
        its standard error; None where lm-eval gives none.
    metrics: all of them, and their errors, by lm-eval's names, such as `acc` and `acc_stderr`.
    items: how many questions.
    scores: what the model reached in each by this metric, such as 1 if it was right; empty where the metric is not made
        of such numbers.
    data: where the questions are from. task_version: of lm-eval's definition.
    """

    task: str
    metric: str
    value: float
    error: float | None
    metrics: Mapping[str, float]
    items: int
    scores: Sequence[float] = field(repr=False)
    data: str
    task_version: str


@dataclass(frozen=True)
class Evaluation:
    """What a model reached in several tasks.

    model: its file's name. sha256, size: of the file. n_params: its parameters.
    tasks: by their names; those of a group are each there. groups: what lm-eval computes of whole groups.
    limit: how many items of each task were asked at most; None for all. fewshot: examples in a prompt. chat_template:
        whether the prompts were put into it.
    seconds: how long it took; scored_tokens: how many tokens were computed for likelihoods in that time. What was known
        from an earlier run is not in them.
    """

    model: str
    sha256: str
    quantization: str
    size: int
    n_params: int
    tasks: Mapping[str, TaskResult]
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    limit: int | None = None
    fewshot: int = 0
    chat_template: bool = False
    seed: int = 0
    seconds: float = 0.0
    scored_tokens: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def average(self) -> float:
        """The mean of the tasks' values: for the seven tasks, what the published table calls so."""
        return statistics.fmean(each.value for each in self.tasks.values())

    @property
    def average_error(self) -> float:
        """The standard error of the average."""
        return math.sqrt(sum((each.error or 0.0) ** 2 for each in self.tasks.values())) / len(self.tasks)


def difference(one: Evaluation, other: Evaluation) -> tuple[float, float]:
    """How far the other's average lies above the one's, and the standard error of that, over the same questions."""
    means, errors = list[float](), list[float]()
    for name, result in other.tasks.items():
        first = one.tasks[name]
        means.append(result.value - first.value)
        paired = [b - a for a, b in zip(first.scores, result.scores, strict=True)]
        errors.append(statistics.stdev(paired) / math.sqrt(len(paired)) if len(paired) > 1 else 0.0)
    return statistics.fmean(means), math.sqrt(sum(each**2 for each in errors)) / len(errors)


def evaluate(
    model: Model,
    tasks: Iterable[str] = SEVEN_TASKS,
    *,
    data: PathLike | None = None,
    folder: PathLike | None = None,
    limit: int | None = None,
    fewshot: int = 0,
    chat_template: bool = False,
    seed: int = 1234,
    report: Report = lambda task, done, total: None,
) -> Evaluation:
    """Asks a model the questions of tasks, by lm-eval's definitions of them.

    tasks: their names, or names of groups, as lm-eval has them. data: a folder of JSONL files in place of the data of
    Hugging Face's hub. folder: where to keep answers as they come: with the same folder, an evaluation that was stopped
    goes on, and one that is done is not done again. limit: how many items of each task to ask, the first ones. fewshot:
    how many examples to put before each question, chosen by the seed. chat_template: whether to ask by the model's.

    Raises UnsupportedError without lm-eval, UnknownTaskError, TaskDataError, and the errors of Model.
    """
    names = tuple(dict.fromkeys(tasks))
    if not names:
        raise InvalidArgumentError("no task is named")
    if fewshot < 0 or (limit is not None and limit < 1):
        raise InvalidArgumentError("limit must be at least 1, and fewshot at least 0")
    package, known = lm_eval(), Tasks(names)
    from ._language_model import LibraryLM

    path = Path(model.path)
    found: Any = model.info()
    sha256, versions = _sha256(path), {"gpt4all": version(), "lm_eval": str(package.__version__)}
    started, results, groups = time.monotonic(), dict[str, TaskResult](), dict[str, Mapping[str, float]]()
    with _answers(folder, {"model": sha256, **versions}) as answers:
        current = ""

        def told(done: int, total: int) -> None:
            report(current, done, total)

        asking = LibraryLM(model, chat=chat_template, seed=seed, answers=answers, report=told)
        for current in names:
            loaded = known.load(current, None if data is None else Path(data), fewshot)
            raw = ask(asking, loaded, limit=limit, fewshot=fewshot, seed=seed)
            results.update((name, _result(name, raw, where)) for name, where in loaded.data.items())
            groups.update((name, _numbers(values)) for name, values in raw.get("groups", {}).items())
    return Evaluation(
        model=path.name,
        sha256=sha256,
        quantization=found["quantization"],
        size=found["size"],
        n_params=found["n_params"],
        tasks=results,
        groups=groups,
        limit=limit,
        fewshot=fewshot,
        chat_template=chat_template,
        seed=seed,
        seconds=time.monotonic() - started,
        scored_tokens=asking.scored_tokens,
        versions=versions,
    )


@contextlib.contextmanager
def _answers(folder: PathLike | None, whose: Mapping[str, str]) -> Iterator[Answers | None]:
    if folder is None:
        yield None
        return
    with Answers(Path(folder) / "answers.jsonl", whose) as answers:
        yield answers


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        hashed = hashlib.sha256()
        while block := file.read(1 << 22):
            hashed.update(block)
        return hashed.hexdigest()


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """lm-eval's numbers without the names of its filters, which say nothing where there is one: `acc,none` is `acc`."""
    named = {key: float(value) for key, value in values.items() if isinstance(value, float) and "," in key}
    plain = [key.rpartition(",")[0] for key in named]
    return {key.rpartition(",")[0] if plain.count(key.rpartition(",")[0]) == 1 else key: named[key] for key in named}


def _result(task: str, raw: Mapping[str, Any], data: str) -> TaskResult:
    metrics = _numbers(raw["results"][task])
    chosen = SEVEN[task].metric if task in SEVEN else next((key for key in metrics if "_stderr" not in key), "")
    if chosen not in metrics:
        raise InvalidArgumentError(f"lm-eval gives no number for the task {task}", {"task": task})
    errors = {key.replace("_stderr", ""): value for key, value in metrics.items() if "_stderr" in key}
    return TaskResult(
        task=task,
        metric=chosen,
        value=metrics[chosen],
        error=errors.get(chosen),
        metrics=metrics,
        items=raw["n-samples"][task]["effective"],
        scores=_scores(raw["samples"].get(task, []), chosen),
        data=data,
        task_version=str(raw["versions"].get(task, "")),
    )


def _scores(samples: Sequence[Mapping[str, Any]], metric: str) -> list[float]:
    """What each item reached, in the order of the data."""
    values: list[Any] = [each.get(metric) for each in sorted(samples, key=lambda each: int(each["doc_id"]))]
    return [float(each) for each in values] if all(isinstance(each, (int, float)) for each in values) else []
