"""How lanes are found in the folders of components."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci import test as make_test
from ci.common import Failure
from ci.setup import Tool
from ci.testing.discover import find_lanes
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome

LANES = """
from ci.testing.lane import Lane
from ci.testing.reports import Outcome
LANES = {{"{name}": Lane("title", lambda _: Outcome(passed=1), tools=[], place={place})}}
"""


def write(root: Path, folder: str, text: str) -> None:
    (root / folder).mkdir(parents=True)
    (root / folder / "lanes.py").write_text(text)


def test_a_component_brings_lanes_by_a_file(tmp_path: Path) -> None:
    write(tmp_path, "second/deep", LANES.format(name="b", place=2))
    write(tmp_path, "a-first", LANES.format(name="c", place=3))
    write(tmp_path, "third", LANES.format(name="a", place=1))
    write(tmp_path, "build/copy", "not Python")
    write(tmp_path, ".hidden", "not Python")
    assert list(find_lanes(tmp_path)) == ["a", "b", "c"]


def test_two_lanes_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "one", LANES.format(name="same", place=1))
    write(tmp_path, "two", LANES.format(name="same", place=2))
    with pytest.raises(Failure, match=r"two/lanes\.py has a lane same"):
        find_lanes(tmp_path)


@pytest.mark.parametrize("text", ["", "LANES = {'x': 1}", "LANES = []", "import nothing_of_the_kind"])
def test_a_file_without_lanes_is_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, "one", text)
    with pytest.raises(Failure, match=r"one/lanes\.py"):
        find_lanes(tmp_path)


def test_lanes_of_this_repository_lie_with_their_components() -> None:
    lanes = find_lanes()
    assert {"fetch", "native", "python", "corpus", "lint", "docs", "asan"} <= set(lanes)
    assert next(iter(lanes)) == "fetch"


def test_a_lane_without_a_toolchain_that_debian_has_not_is_skipped_with_how_to_get_it() -> None:
    tool = Tool("", lambda: False, by_hand="install .NET 8 and try again")
    lane = Lane("x", lambda _: Outcome(passed=1), tools=[tool])
    outcome = make_test.run_lane("x", lane, Settings(), required=False)
    assert outcome.skipped == [("x", "missing tool: install .NET 8 and try again")]


def test_what_is_left_out_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    make_test.show_lanes(find_lanes())
    shown = capsys.readouterr().out
    assert "not run unless named: installs PyTorch" in shown
