"""What of lm-eval is used here: its definitions of tasks, and its evaluation of one of them."""

from __future__ import annotations

import contextlib
import difflib
import functools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors import LLModelError
from ._data import SPLITS, Rows, read
from ._errors import TaskDataError, UnknownTaskError
from ._packages import lm_eval, require
from ._tasks import SEVEN

if TYPE_CHECKING:
    from ._language_model import LibraryLM

_BOOTSTRAPS = 1000
"""For the standard error of metrics that are no means; accuracies need none."""

# Where lm-eval has the seven: reading all of its definitions takes it seconds.
_FOLDERS = ("super_glue/boolq", "piqa", "hellaswag", "winogrande", "arc", "openbookqa")


@dataclass(frozen=True)
class Loaded:
    """lm-eval's objects for tasks and groups of them, and where the data of each task is from."""

    tasks: dict[str, Any]
    data: dict[str, str]


class Tasks:
    """lm-eval's definitions of the tasks of these names. Raises UnknownTaskError for others."""

    def __init__(self, names: tuple[str, ...]) -> None:
        package = lm_eval()
        tasks = require("lm_eval.tasks")
        if set(names) <= set(SEVEN):
            root = Path(package.__file__).parent / "tasks"
            self._manager = tasks.TaskManager(include_defaults=False, include_path=[root / each for each in _FOLDERS])
        else:
            self._manager = _every_task()
        for name in names:
            if name not in self._manager.all_tasks:
                raise _unknown(name, self._manager.all_tasks)

    def load(self, name: str, data: Path | None, fewshot: int) -> Loaded:
        """A task, or a group of them.

        data: the folder with JSONL files, or None for the hub's.
        """
        try:
            with _without_bars():
                if data is not None:
                    return self._from(data, name, fewshot)
                loaded = self._manager.load([name])
                return Loaded(loaded, {key: f"hub: {each.DATASET_PATH}" for key, each in loaded["tasks"].items()})
        except LLModelError:
            raise
        except Exception as error:
            where = "the data of the hub" if data is None else str(data)
            hint = "; give a folder of JSONL files in its place" if data is None else ""
            raise TaskDataError(
                f"{name} cannot be prepared from {where}: {type(error).__name__}: {error}{hint}", {"task": name}
            ) from error

    def _from(self, folder: Path, name: str, fewshot: int) -> Loaded:
        entry = self._manager.task_index[name]
        if entry.kind.name != "TASK":
            raise TaskDataError(
                f"{name} stands for several tasks: name those whose data is in {folder}", {"task": name}
            )
        config: Mapping[str, Any] = entry.cfg or {}
        items = read(folder, name)
        used = "test_split" if config.get("test_split") else "validation_split"
        splits = {config[used]: items}
        changes: dict[str, Any] = {"test_split": None, "validation_split": None, "training_split": None, "task": name}
        changes[used] = config[used]
        changes["fewshot_split"] = None
        shown = config.get("fewshot_split") or config.get("training_split")
        if fewshot and shown:
            splits[shown] = read(folder, name, shown if shown in SPLITS else "train")
            changes["fewshot_split"] = shown
        elif fewshot:
            raise TaskDataError(f"{name} has no examples for few-shot prompts", {"task": name})
        changes["custom_dataset"] = lambda **_: {split: _data_set(rows) for split, rows in splits.items()}
        # A group of one: of a task by itself, the manager would take only what is given here.
        loaded = self._manager.load([{"group": f"{name}, from a folder", "task": [changes]}])["tasks"]
        return Loaded({"tasks": loaded}, dict.fromkeys(loaded, f"{items.path.name}, SHA-256 {items.sha256}"))


@functools.cache
def _every_task() -> Any:
    return require("lm_eval.tasks").TaskManager()


def evaluate(model: LibraryLM, loaded: Loaded, *, limit: int | None, fewshot: int, seed: int) -> dict[str, Any]:
    """lm-eval's results of what it has loaded."""
    for task in loaded.tasks["tasks"].values():
        if task.get_config("num_fewshot") != 0:  # those that are only asked without examples keep to that
            task.set_config(key="num_fewshot", value=fewshot)
        task.set_fewshot_seed(seed=seed)
    random.seed(seed)
    require("numpy").random.seed(seed)
    with _without_bars():
        found: dict[str, Any] = require("lm_eval.evaluator").evaluate(
            lm=model,
            task_dict=loaded.tasks,
            limit=limit,
            bootstrap_iters=_BOOTSTRAPS,
            apply_chat_template=model.chat,
        )
    return found


def _data_set(rows: Rows) -> Any:
    datasets = require("datasets")
    try:
        return datasets.Dataset.from_list(list(rows.rows))
    except Exception as error:  # of pyarrow, whose classes are many
        raise TaskDataError(
            f"the rows of {rows.path} do not fit together: {error}", {"path": str(rows.path)}
        ) from error


@contextlib.contextmanager
def _without_bars() -> Iterator[None]:
    """Keeps the progress bars of lm-eval and of datasets away: progress is reported in another way."""
    task, datasets = require("lm_eval.api.task"), require("datasets")
    shown, tqdm = datasets.is_progress_bar_enabled(), task.tqdm
    datasets.disable_progress_bars()
    task.tqdm = lambda items, **_: items
    try:
        yield
    finally:
        task.tqdm = tqdm
        if shown:
            datasets.enable_progress_bars()


def _unknown(name: str, known: list[str]) -> UnknownTaskError:
    similar = difflib.get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(similar)}?" if similar else "; `lm-eval ls tasks` shows those that there are"
    return UnknownTaskError(f"lm-eval has no task {name!r}{hint}", {"task": name, "similar": similar})
