"""Plots are drawn by a Python that has matplotlib and nothing else of what measuring needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
PLOTS = sorted(path.stem for path in HERE.glob("plot_*.py"))
MATPLOTLIB = ("matplotlib", "matplotlib.axes", "matplotlib.figure", "matplotlib.lines", "matplotlib.ticker")
ABSENT = ("gguf", "gpt4all", "numpy")


@pytest.mark.parametrize("plot", PLOTS)
def test_plots_need_matplotlib_alone(plot: str) -> None:
    program = (
        "import importlib, sys, unittest.mock\n"
        f"sys.modules.update(dict.fromkeys({ABSENT}))\n"
        f"sys.modules.update((name, unittest.mock.MagicMock()) for name in {MATPLOTLIB})\n"
        f"importlib.import_module({plot!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
