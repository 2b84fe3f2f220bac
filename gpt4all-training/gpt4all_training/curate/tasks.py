"""The seven tasks by which GPT4All compares models, and the columns in which their publishers have the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_COMMON = ("context", "question", "choices")
TASKS: Mapping[str, Sequence[str]] = {
    "boolq": (*_COMMON, "passage"),
    "piqa": (*_COMMON, "goal", "sol1", "sol2"),
    "hellaswag": (*_COMMON, "ctx", "endings"),
    "winogrande": (*_COMMON, "sentence"),
    "arc_easy": _COMMON,
    "arc_challenge": _COMMON,
    "openbookqa": (*_COMMON, "question_stem"),
}


def texts_of(item: object, task: str) -> list[str]:
    """The texts of one item of a task."""
    return [text for column in TASKS[task] for text in _texts(item.get(column))] if isinstance(item, Mapping) else []


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):  # as ARC and OpenBookQA have their choices, and their first editions the question
        return [text for name in ("stem", "text", "choices") for text in _texts(value.get(name))]
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []
