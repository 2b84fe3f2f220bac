"""What can go wrong in a step. Every error says what happened, where, and what to do."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path
from typing import Any

OF_A_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class TrainingError(Exception):
    """A step cannot go on.

    file: the file it is about; None if it is about none.
    row: the row in it, from 1; None if it is about no row.
    remedy: what to do.
    """

    def __init__(self, problem: str, *, file: Path | str | None = None, row: int | None = None, remedy: str) -> None:
        place = "" if file is None else f"{file}: " if row is None else f"{file}, row {row:,}: "
        problem = problem.rstrip(".")  # as those of libraries end
        super().__init__(f"{place}{problem}. {remedy}")
        self.problem, self.file, self.row, self.remedy = problem, file, row, remedy

    def __reduce__(self) -> tuple[Any, ...]:
        """For other processes: by default exceptions are made again of their text alone."""
        made = partial(type(self), self.problem, file=self.file, row=self.row, remedy=self.remedy)
        return made, ()


class ConfigurationError(TrainingError):
    """The configuration is not valid, or names files that are not there."""


class SourceError(TrainingError):
    """A source cannot be read."""


class ChangedSourceError(SourceError):
    """A source is no longer what it was when the step began."""


class OutputError(TrainingError):
    """Something cannot be written."""


class DiskFullError(OutputError):
    """There is no room left to write to."""


class ModelError(TrainingError):
    """A model's folder or file cannot be read, or is of a kind that the step cannot do."""


class HardwareError(TrainingError):
    """This machine does not have what the configuration asks for."""


class PackageError(TrainingError):
    """A Python package that the step needs is missing."""


class DivergedError(TrainingError):
    """Training has led to numbers that are none."""


class BusyError(TrainingError):
    """Another process is at work in the same folder."""


def unwritten(error: OSError, path: Path) -> OutputError:
    """The error for a file or folder that the system did not let be written."""
    reason = error.strerror or str(error)
    if error.errno in OF_A_FULL_DISK:
        remedy = "Make room, or name another folder as `output`; then start the same command again, which goes on here"
        return DiskFullError(f"cannot be written: {reason}", file=path, remedy=remedy)
    remedy = "Name a folder that can be written to as `output`, or change its permissions"
    return OutputError(f"cannot be written: {reason}", file=path, remedy=remedy)
