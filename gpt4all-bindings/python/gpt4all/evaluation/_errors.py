"""What can be wrong with tasks and their data."""

from __future__ import annotations

from .._errors import InvalidArgumentError


class UnknownTaskError(InvalidArgumentError):
    """lm-eval has no task of this name. detail: "task", and "similar", names that are like it."""


class TaskDataError(InvalidArgumentError):
    """The data of a task is missing, unreadable, or has other columns than the task needs. detail: "path" or "task"."""
