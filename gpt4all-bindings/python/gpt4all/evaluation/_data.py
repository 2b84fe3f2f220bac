"""Data of tasks in a folder of JSONL files, in place of the hub's.

A task's items are in TASK.jsonl or TASK.NAME.jsonl, its examples for few-shot prompts in TASK.train.jsonl or the like.
Rows have the columns of the set as its publisher has it, which lm-eval's definition of the task reads; those of the
seven tasks may also have `context`, `question`, `choices` and `label`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._errors import TaskDataError

Row = dict[str, Any]

SPLITS = ("train", "validation", "test", "dev")


@dataclass(frozen=True)
class Rows:
    """A file's rows, with the columns that lm-eval's definition of the task reads."""

    path: Path
    sha256: str
    rows: Sequence[Row]


def read(folder: Path, task: str, split: str | None = None) -> Rows:
    """The items of a task, or of one of its splits.

    Raises TaskDataError if there is no such file, or if it is not as it should be.
    """
    path = _file(folder, task, split)
    data = path.read_bytes()
    rows = [_row(path, number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if not rows:
        raise TaskDataError(f"{path} has no rows", {"path": str(path)})
    known = _COLUMNS.get(task)
    if known is not None:
        rows = [_with_columns(path, number, row, *known) for number, row in enumerate(rows, 1)]
    return Rows(path, hashlib.sha256(data).hexdigest(), rows)


def _file(folder: Path, task: str, split: str | None) -> Path:
    if split is not None:
        path = folder / f"{task}.{split}.jsonl"
        if not path.is_file():
            raise TaskDataError(
                f"{path} is not there: the examples of few-shot prompts of {task} are to be in it", {"path": str(path)}
            )
        return path
    found = [folder / f"{task}.jsonl", *folder.glob(f"{task}.*.jsonl")]
    others = {f"{task}.{each}.jsonl" for each in SPLITS if each not in ("validation", "test")}
    found = [path for path in found if path.is_file() and path.name not in others]
    if not found:
        there = sorted(path.name for path in folder.glob("*.jsonl")) if folder.is_dir() else []
        has = f"it has {', '.join(there[:12])}" if there else "it has no .jsonl file at all"
        raise TaskDataError(
            f"{folder} has no {task}.jsonl, and no {task}.NAME.jsonl; {has if folder.is_dir() else 'it is no folder'}",
            {"path": str(folder), "task": task},
        )
    if len(found) > 1:
        names = ", ".join(sorted(path.name for path in found))
        raise TaskDataError(
            f"{folder} has several files for {task}: {names}; leave one of them there", {"path": str(folder)}
        )
    return found[0]


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TaskDataError(f"{path} is not JSON in line {number}: {error}", {"path": str(path)}) from error
    if not isinstance(row, dict):
        raise TaskDataError(f"{path} has no JSON object in line {number}", {"path": str(path)})
    return row


def _with_columns(path: Path, number: int, row: Row, wanted: Sequence[str], convert: Callable[[Row], Row]) -> Row:
    """The row as its publisher has it. convert: makes one of what has `choices` and `label`."""
    if all(column in row for column in wanted):
        return {column: row[column] for column in wanted}
    try:
        return convert(row)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
        missing = [column for column in wanted if column not in row]
        why = f"no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)
        raise TaskDataError(
            f"row {number} of {path} has not the columns {', '.join(missing)} of the published set, and is not in the "
            f"common form either: {why}; it has {', '.join(row)}",
            {"path": str(path), "row": number},
        ) from error


def _choices(row: Row, count: int | None = None) -> list[str]:
    choices = row["choices"]
    if not isinstance(choices, list) or not all(isinstance(each, str) for each in choices):
        raise ValueError("`choices` is no list of texts")
    if count is not None and len(choices) != count:
        raise ValueError(f"`choices` has {len(choices)} texts in place of {count}")
    _label(row, len(choices))
    return choices


def _label(row: Row, count: int) -> int:
    label = row["label"]
    if not isinstance(label, int) or not 0 <= label < count:
        raise ValueError(f"`label` is {label!r}, and not from 0 to {count - 1}")
    return label


def _text(row: Row, column: str) -> str:
    if not isinstance(row[column], str):
        raise ValueError(f"`{column}` is no text")
    return str(row[column])


def _boolq(row: Row) -> Row:
    if _choices(row, 2) != ["no", "yes"]:
        raise ValueError("`choices` is not no, yes")
    return {"passage": _text(row, "context"), "question": _text(row, "question"), "label": row["label"]}


def _piqa(row: Row) -> Row:
    first, second = _choices(row, 2)
    return {"goal": _text(row, "question"), "sol1": first, "sol2": second, "label": row["label"]}


def _hellaswag(row: Row) -> Row:
    """lm-eval puts label and context together again, so that only the place of the colon matters."""
    label, colon, context = _text(row, "context_lmeval" if "context_lmeval" in row else "context").partition(": ")
    if not colon:
        raise ValueError("`context` does not begin with what it is about, and a colon")
    return {"activity_label": label, "ctx_a": context, "ctx_b": "", "endings": _choices(row), "label": row["label"]}


def _winogrande(row: Row) -> Row:
    first, second = _choices(row, 2)
    sentence = _text(row, "context")
    if "_" not in sentence:
        raise ValueError("`context` has no gap, which _ stands for")
    return {"sentence": sentence, "option1": first, "option2": second, "answer": str(row["label"] + 1)}


def _lettered(row: Row) -> Row:
    choices = _choices(row)
    letters = row.get("choice_labels") or [chr(ord("A") + at) for at in range(len(choices))]
    if len(letters) != len(choices):
        raise ValueError("`choice_labels` and `choices` differ in length")
    return {"choices": {"text": choices, "label": letters}, "answerKey": letters[row["label"]]}


def _arc(row: Row) -> Row:
    return {"question": _text(row, "question"), **_lettered(row)}


def _openbookqa(row: Row) -> Row:
    return {"question_stem": _text(row, "question"), **_lettered(row)}


_ARC = (("question", "choices", "answerKey"), _arc)
_COLUMNS: Mapping[str, tuple[Sequence[str], Callable[[Row], Row]]] = {
    "boolq": (("passage", "question", "label"), _boolq),
    "piqa": (("goal", "sol1", "sol2", "label"), _piqa),
    "hellaswag": (("activity_label", "ctx_a", "ctx_b", "endings", "label"), _hellaswag),
    "winogrande": (("sentence", "option1", "option2", "answer"), _winogrande),
    "arc_easy": _ARC,
    "arc_challenge": _ARC,
    "openbookqa": (("question_stem", "choices", "answerKey"), _openbookqa),
}
