"""What all tests of evaluations need: lm-eval, and data."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("lm_eval", reason="`make test LANES=evaluate` installs lm-eval")

from .made_up import write_data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with all seven."""
    return write_data(tmp_path)
