"""The cluster, once for all files."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

if importlib.util.find_spec("ray") is None:
    pytest.skip("`make test LANES=ray` installs Ray", allow_module_level=True)

from .cluster import Cluster, cluster


@pytest.fixture(scope="session")
def nodes(store: Path) -> Iterator[Cluster]:
    """A cluster of two nodes."""
    with cluster(store) as made:
        yield made
