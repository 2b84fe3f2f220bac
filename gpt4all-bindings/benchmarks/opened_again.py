"""How long a model takes to be opened: for the first time, and again once its laid-out weights are kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tables
from contenders import Contender, LlamaBench, Plan


def one_round(
    model: Path, options: dict[str, Any], asked: dict[str, Any], ours: Contender, server: Contender, bench: LlamaBench
) -> Iterator[tuple[str, dict[str, float]]]:
    """A contender and its times, in ms: until it is ready, and until it has given a token and ended. Nothing is kept
    from before. Raises RunFailed."""
    with tempfile.TemporaryDirectory() as cache:
        kept = {"cache_dir": cache, "cache_disk_mib": 16384}
        turns: list[tuple[str, Contender, dict[str, Any]]] = [
            (tables.LAID_OUT, ours, {}),
            (tables.FIRST_OPENED, ours, kept),
            (tables.OPENED_AGAIN, ours, kept),
            (tables.SERVER, server, {}),
        ]
        for name, contender, more in turns:
            run = contender.run(Plan(model, {**options, **more}, [[asked]]))
            times = {"ready": 1000 * run.ready_s}
            yield name, times if run.whole_s is None else {**times, "whole": 1000 * run.whole_s}
    whole = bench.run(Plan(model, options, []), 0, 1, warmup=False)[1].whole_s
    yield bench.name, {"whole": 1000 * (whole or 0.0)}
