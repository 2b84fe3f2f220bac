"""How lanes are found in the folders of components."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import test as make_test
from ci.common import ROOT, Failure, say
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


def test_lanes_are_chosen_or_left_out() -> None:
    lanes = {name: Lane(name, lambda _: Outcome(), optional="x" * (name == "long")) for name in ("a", "b", "long")}
    for text, names in (("", ["a", "b"]), ("b,a", ["b", "a"]), ("-a", ["b"]), ("long, a,-a", ["long"])):
        assert make_test.chosen_lanes(text, lanes) == names
    for text in ("c", "a,-c"):
        with pytest.raises(Failure, match="no such lane: c"):
            make_test.chosen_lanes(text, lanes)


def test_lanes_of_this_repository_lie_with_their_components() -> None:
    lanes = find_lanes()
    assert {"fetch", "native", "python", "corpus", "lint", "docs", "asan"} <= set(lanes)
    assert next(iter(lanes)) == "fetch"


def test_a_lane_without_a_toolchain_that_debian_has_not_is_skipped_with_how_to_get_it() -> None:
    tool = Tool("", lambda: False, by_hand="install .NET 8 and try again")
    needy = Lane("x", lambda _: Outcome(passed=1), tools=[tool])
    outcome = make_test.run_lane("x", needy, Settings(), required=False)
    assert outcome.skipped == [("x", "missing tool: install .NET 8 and try again")]


def lane(beside: bool, run: Callable[[Settings], Outcome] = lambda _: Outcome(passed=1)) -> Lane:
    return Lane("title", run, tools=[], beside=beside)


def test_neighbours_that_may_run_at_the_same_time() -> None:
    lanes = {"a": True, "b": False, "c": True, "d": True, "e": False, "f": False}
    groups = make_test.side_by_side([(name, lane(beside)) for name, beside in lanes.items()])
    assert [[name for name, _ in group] for group in groups] == [["a"], ["b"], ["c", "d"], ["e"], ["f"]]
    assert find_lanes()["asan"].beside is False  # they use every processor


def test_lanes_side_by_side_wait_for_each_other_and_say_which_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    met = threading.Barrier(2, timeout=60)

    def run(_: Settings) -> Outcome:
        met.wait()
        say("here")
        return Outcome(passed=2)

    rows = make_test.run_group([("x", lane(True, run)), ("y", lane(True, run))], Settings(), [])
    assert [(name, outcome.passed) for name, outcome, _ in rows] == [("x", 2), ("y", 2)]
    assert {"x: here", "y: here"} <= set(capsys.readouterr().err.splitlines())


def test_the_longest_lanes_begin_first_and_no_more_than_can_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    seen: list[bool] = []
    running = threading.Semaphore(2)  # one less would be left if a third began

    def run(name: str) -> Callable[[Settings], Outcome]:
        def work(_: Settings) -> Outcome:
            begun.append(name)
            seen.append(running.acquire(blocking=False))
            time.sleep(0.2)
            running.release()
            return Outcome(passed=1)

        return work

    monkeypatch.setattr(make_test, "processors", lambda: 1)
    monkeypatch.setattr(make_test, "expected", lambda name, _: {"a": 1.0, "b": 3.0, "c": 2.0, "d": 0.5}[name])
    rows = make_test.run_group([(name, lane(True, run(name))) for name in "abcd"], Settings(), [])
    assert [name for name, _, _ in rows] == ["a", "b", "c", "d"]
    assert sorted(begun[:2]) == ["b", "c"]
    assert sorted(begun[2:]) == ["a", "d"]
    assert all(seen)


SLEEPERS = """
import signal
from pathlib import Path
from ci import test
from ci.steps import run_logged
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts with it ignored what runs in the background

def run(name):
    def work(_):
        for number in range(9):
            run_logged(["sh", "-c", f"echo $$ > {name}; exec sleep 60"], Path("log"), cwd=Path.cwd())
        return Outcome(passed=1)
    return name, Lane("title", work, tools=[], beside=True)

test.run_group([run("one"), run("two")], Settings(), [])
"""


def test_ctrl_c_ends_lanes_side_by_side(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen([sys.executable, "-c", SLEEPERS], cwd=tmp_path, env=variables, stderr=subprocess.PIPE)
    numbers = [tmp_path / "one", tmp_path / "two"]
    deadline = time.monotonic() + 60
    while not all(path.is_file() and path.read_text().strip() for path in numbers):
        assert time.monotonic() < deadline, "the lanes did not start"
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode != 0
    assert b"KeyboardInterrupt" in told
    for path in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)


def test_what_is_left_out_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    make_test.show_lanes(find_lanes())
    shown = capsys.readouterr().out
    assert "not run unless named: installs PyTorch" in shown
