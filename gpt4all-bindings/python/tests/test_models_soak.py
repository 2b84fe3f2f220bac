"""A short run of soak_downloads.py."""

from __future__ import annotations

import sys

import pytest

from soak_downloads import soak

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it forks and kills")


@pytest.mark.timeout(300)
def test_a_hundred_downloads() -> None:
    summary, problems = soak(100, seed=2026, workers=2)
    assert problems == []
    # enough of each to mean something; how many there are depends on the machine's speed
    assert summary["outcomes"]["killed"] > 5
    assert summary["misbehaved"] > 50
    assert summary["range_requests"] > 5
