"""The folder that a step writes: one process at a time, one configuration, and a manifest that says that it is done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from . import manifest
from .errors import BusyError, OutputError, unwritten
from .storage import make_folder, write_whole

_PLAN = "plan.json"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other runs out of the folder. Raises BusyError, OutputError."""
    make_folder(folder)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        remedy = "Wait until it has ended, or name another folder as `output`"
        raise BusyError("another process is writing here", file=folder, remedy=remedy) from error
    except OSError as error:
        raise unwritten(error, folder) from error
    try:
        yield
    finally:
        lock.release()


def done_before(folder: Path, identity: str) -> dict[str, Any] | None:
    """The manifest of a run that did just this; None if there is none. Raises OutputError if it did something else."""
    path = folder / manifest.FILE
    if not path.exists():
        return None
    try:
        found = orjson.loads(path.read_bytes())
        if found["identity"] == identity:
            for each in found["outputs"]:
                _check_output(folder / each["name"], each["bytes"])
            return dict(found)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise OutputError("is no manifest of this step", file=path, remedy="Name another folder as `output`") from error
    remedy = "Name another folder as `output`, or remove this one"
    raise OutputError(
        "has the result of another configuration, of other files, or of other versions", file=folder, remedy=remedy
    )


def _check_output(path: Path, size: int) -> None:
    if not path.is_file() or path.stat().st_size != size:
        remedy = "Remove the folder, and start again"
        raise OutputError("is not what the manifest says, or not there any more", file=path, remedy=remedy)


def begun(folder: Path, identity: str) -> Path:
    """The folder for what is not finished. Raises OutputError if another run's is there, or what is not ours."""
    work = folder / "work"
    plan = work / _PLAN
    if plan.is_file():
        if plan.read_text(encoding="ascii", errors="replace") == identity:
            return work
        remedy = f"Remove {work} to begin anew, or undo the change to go on"
        problem = "has work of another configuration, of other files, or of other versions"
        raise OutputError(problem, file=folder, remedy=remedy)
    if foreign := sorted(each.name for each in folder.iterdir() if each.name not in (".lock", "work")):
        remedy = "Name an empty folder, or one that is not there yet, as `output`"
        raise OutputError(f"has {foreign[0]} in it, which is not of this step", file=folder, remedy=remedy)
    make_folder(work)
    write_whole(plan, identity.encode("ascii"))
    return work
