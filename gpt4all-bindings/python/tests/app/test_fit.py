"""What is said of a model before it is downloaded or opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpt4all import OutOfMemoryError, models
from gpt4all._app.codes import FitReason
from gpt4all._app.models.fit import Gpu, Machine, fit, gb, needed_by, recommended
from gpt4all._app.models.installed import open_error

GB = 10**9


@pytest.mark.parametrize(
    ("needed", "machine", "download", "verdict", "reason"),
    [
        (2 * GB, Machine(16 * GB, 8 * GB), 0, "good", "needs about 2.0 GB of the 16.0 GB; 8.0 GB are free"),
        (9 * GB, Machine(16 * GB, 8 * GB), 0, "tight", "needs about 9.0 GB of memory, and 8.0 GB are free now"),
        (12 * GB, Machine(16 * GB, 14 * GB), 0, "tight", "needs about 12.0 GB of the 16.0 GB, which leaves little"),
        (15 * GB, Machine(16 * GB, 15 * GB), 0, "no", "needs about 15.0 GB of memory, and this machine has 16.0 GB"),
        (15 * GB, Machine(16 * GB, 8 * GB, None, (Gpu("Card", 20 * GB),)), 0, "good", "Card has 20.0 GB free"),
        (2 * GB, Machine(16 * GB, 8 * GB, GB), 2 * GB, "no", "the download has 2.0 GB, and the disk has 1.0 GB free"),
        (2 * GB, Machine(16 * GB, 8 * GB, GB), 0, "good", "needs about 2.0 GB"),
        (GB // 2, Machine(None, None), 0, "tight", "needs about 500 MB; how much memory there is, is not known"),
    ],
)
def test_verdicts_with_reasons(needed: int, machine: Machine, download: int, verdict: str, reason: str) -> None:
    told = fit(needed, machine, download)
    assert told.verdict == verdict
    assert reason in told.reason
    name, count = ("download", download) if told.code == "disk" else ("needed", needed)
    assert told.values[name] == count
    said = {name: value if isinstance(value, str) else gb(value) for name, value in told.values.items()}
    assert FitReason[told.code.upper()].text(**said) == told.reason


def test_this_machine(library: str, tmp_path: Path) -> None:
    here = Machine.here(tmp_path / "not" / "there")
    assert here.memory is not None
    assert here.free is not None
    assert 0 < here.free <= here.memory
    assert here.disk


@pytest.mark.parametrize("memory", [4, 8, 16, 64])
def test_three_models_are_recommended_that_fit(memory: int) -> None:
    machine = Machine(memory * GB, int(memory * GB * 0.8), 200 * GB)
    entries = models.catalogue()
    chosen = [models.find(name) for name in recommended(entries, machine)]
    assert len(chosen) == 3
    assert all(entry is not None and entry.kind == "chat" for entry in chosen)
    sizes = [entry.parameters for entry in chosen if entry is not None]
    assert sizes == sorted(sizes, reverse=True)
    assert all(fit(needed_by(entry), machine, entry.size).verdict == "good" for entry in chosen if entry is not None)


def test_complaint_13_out_of_memory_offers_three_actions() -> None:
    machine = Machine(16 * GB, 8 * GB)
    told = open_error(OutOfMemoryError("big.gguf needs 20.0 GB of memory", {"needed": 20 * GB}), machine)
    assert told.code == "out_of_memory"
    assert "needs 20.0 GB" in told.message
    assert len(told.remedies) == 3
    assert [each.text for each in told.remedy_codes] == told.remedies
    named = told.remedies[0].removeprefix("Choose a smaller model, such as ").removesuffix(".")
    entry = models.find(named)
    assert entry is not None
    assert fit(needed_by(entry), machine).verdict == "good"
