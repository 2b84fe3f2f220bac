"""What `make bench` builds, by what it is asked."""

from __future__ import annotations

import pytest

from ci import bench


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], None),
        (["--rounds", "1"], None),
        (["--only", "weights", "--types", "Q4_0"], {"weights"}),
        (["--update", "--only=decode,weights"], {"decode", "weights"}),
    ],
)
def test_asked(given: list[str], expected: set[str] | None) -> None:
    assert bench.asked(given) == expected
