"""Finds the lanes that components describe, each in a file lanes.py in a folder of its own."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci.common import ROOT, Failure
from ci.testing.lane import Lane

FILE = "lanes.py"


def lane_files(root: Path = ROOT) -> Iterator[Path]:
    """Every lanes.py of the repository; nothing is looked for in build folders and hidden ones."""
    for where, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "build" and not name.startswith((".", "_")))
        if FILE in names:
            yield Path(where, FILE)


def read_lanes(path: Path, root: Path = ROOT) -> Mapping[str, Lane]:
    """The LANES of one file; raises Failure if it has none, or something else in it."""
    folder = path.parent.relative_to(root)
    name = "lanes_of_" + "_".join(folder.parts).replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the module of a class
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise Failure(f"{folder / FILE} cannot be read: {error}") from error
    lanes = getattr(module, "LANES", None)
    if not isinstance(lanes, dict) or not all(isinstance(each, Lane) for each in lanes.values()):
        raise Failure(f"{folder / FILE} must have LANES, a dictionary of names and ci.testing.lane.Lane")
    return lanes


def find_lanes(root: Path = ROOT) -> Mapping[str, Lane]:
    """All lanes, in the order in which they run; raises Failure if two have one name."""
    found: dict[str, Lane] = {}
    for path in lane_files(root):
        for name, lane in read_lanes(path, root).items():
            if name in found:
                raise Failure(f"{path.relative_to(root)} has a lane {name}, but so does another lanes.py")
            found[name] = lane
    return dict(sorted(found.items(), key=lambda item: (item[1].place, item[0])))
