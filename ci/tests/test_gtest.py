"""Running programs of GoogleTest: every process of each counts, whatever becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci.testing import gtest
from ci.testing.reports import Outcome

PASSES = """
echo "<testsuite><testcase name='$GTEST_SHARD_INDEX of $GTEST_TOTAL_SHARDS' classname='A'/></testsuite>" > "$report"
"""
CRASHES_IN_ONE = f"""
echo "[ RUN      ] A.Early"
echo "[ RUN      ] A.Bad/1"
[ $GTEST_SHARD_INDEX = 1 ] && kill -SEGV $$
{PASSES}"""
LEAKS_IN_ONE = f"""{PASSES}
if [ $GTEST_SHARD_INDEX = 1 ]; then echo "leaked 3 bytes"; exit 23; fi
"""


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPORTS", "LOGS"):
        monkeypatch.setattr(gtest, name, tmp_path / name)
        (tmp_path / name).mkdir()
    monkeypatch.setattr(gtest, "directory", lambda preset: tmp_path / preset)
    monkeypatch.setattr(gtest, "processors", lambda: 2)


def run(tmp_path: Path, **programs: str) -> Outcome:
    folder = tmp_path / "release" / "bin"
    folder.mkdir(parents=True)
    for name, code in programs.items():
        (folder / name).write_text(f'#!/bin/sh\nreport="${{1#--gtest_output=xml:}}"\n{code}')
        (folder / name).chmod(0o755)
    return gtest.run_gtest("lane", "release", list(programs))


def test_all_parts_of_all_programs_count(tmp_path: Path) -> None:
    outcome = run(tmp_path, one=PASSES, two=PASSES)
    assert (outcome.passed, outcome.failed) == (8, [])
    assert "A" in (tmp_path / "REPORTS" / "lane-two-3.xml").read_text()


def test_a_crash_fails_the_case_that_was_begun(tmp_path: Path) -> None:
    outcome = run(tmp_path, one=CRASHES_IN_ONE)
    assert outcome.passed == 3
    ((name, text),) = outcome.failed
    assert name == "A.Bad/1"
    assert "one ended with -11" in text


def test_what_is_wrong_at_the_end_of_a_process_fails(tmp_path: Path) -> None:
    outcome = run(tmp_path, one=LEAKS_IN_ONE)
    assert outcome.passed == 4
    ((name, text),) = outcome.failed
    assert name == "lane-one-1"
    assert "leaked 3 bytes" in text


def test_earlier_reports_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "REPORTS" / "lane-one-0.xml").write_text("<testsuite><testcase name='x'/></testsuite>")
    assert len(run(tmp_path, one="exit 1").failed) == 4
