"""Comparing the tests of two runs by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSES = '<testcase classname="tests.test_a" name="test_{0}"/>'
SKIPS = '<testcase classname="tests.test_a" name="test_{0}"><skipped/></testcase>'
FAILS = '<testcase classname="tests.test_a" name="test_{0}"><failure>1 != 2</failure></testcase>'


def report(folder: Path, *cases: str, lane: str = "python") -> Path:
    folder.mkdir(exist_ok=True)
    numbered = "".join(case.format(number) for number, case in enumerate(cases))
    (folder / f"{lane}.xml").write_text(f"<testsuites><testsuite>{numbered}</testsuite></testsuites>")
    return folder


def compare(before: Path, after: Path, *renamings: str) -> tuple[int, str]:
    renamed = before.parent / "renamed.txt"
    renamed.write_text("\n".join(renamings))
    command = [sys.executable, "-m", "ci.test_names", str(before), str(after), "--renamed", str(renamed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_same_tests_are_all_there(tmp_path: Path) -> None:
    code, text = compare(report(tmp_path / "a", PASSES, SKIPS), report(tmp_path / "b", PASSES, SKIPS))
    assert code == 0 and "2 tests before, 2 after: 0 lost" in text


def test_addresses_in_names_of_parameters_do_not_count(tmp_path: Path) -> None:
    case = '<testcase classname="A/B.C/0  # GetParam() = &lt;{address}&gt;" name="A/B.C/0  # GetParam() = 1"/>'
    before, after = (report(tmp_path / name, case.replace("{address}", name)) for name in ("a", "b"))
    code, text = compare(before, after)
    assert code == 0 and "1 tests before, 1 after: 0 lost" in text


def test_a_lost_test_and_a_new_one_are_named(tmp_path: Path) -> None:
    after = report(tmp_path / "b", PASSES, '<testcase classname="tests.test_b" name="test_new"/>')
    code, text = compare(report(tmp_path / "a", PASSES, PASSES), after)
    assert code == 1
    assert "lost: python: tests.test_a::test_1" in text and "new: python: tests.test_b::test_new" in text


@pytest.mark.parametrize("worse", [SKIPS, FAILS])
def test_a_test_that_no_longer_passes_is_named(tmp_path: Path, worse: str) -> None:
    code, text = compare(report(tmp_path / "a", PASSES), report(tmp_path / "b", worse))
    assert code == 1 and "no longer passes: python: tests.test_a::test_0" in text


@pytest.mark.parametrize(
    "line",
    [
        "python: tests.test_a::test_0 -> corpus: test_b::test_0",
        "tests.test_a::test_0 -> corpus: test_b::test_0",
        "tests/test_a.py::test_0 -> corpus: test_b.py::test_0",
        "tests.test_a::* -> corpus: test_b::*",
    ],
)
def test_renamed_tests_are_found(tmp_path: Path, line: str) -> None:
    after = report(tmp_path / "b", '<testcase classname="test_b" name="test_0"/>', lane="corpus")
    code, text = compare(report(tmp_path / "a", PASSES), after, "# a comment", "prose", line)
    assert code == 0 and "renamed: python: tests.test_a::test_0 -> corpus: test_b::test_0" in text


def test_a_renaming_to_what_is_not_there_is_a_loss(tmp_path: Path) -> None:
    before = report(tmp_path / "a", PASSES, PASSES)
    code, text = compare(before, report(tmp_path / "b", PASSES), "tests.test_a::test_1 -> tests.test_a::test_2")
    assert code == 1 and "lost: python: tests.test_a::test_1 (said to be python: tests.test_a::test_2" in text


def test_a_test_may_go_for_a_reason(tmp_path: Path) -> None:
    before = report(tmp_path / "a", PASSES, PASSES)
    code, text = compare(before, report(tmp_path / "b", PASSES), "tests.test_a::test_1 -> gone: another covers it")
    assert code == 0 and "gone: python: tests.test_a::test_1: another covers it" in text


def test_a_folder_without_reports_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    code, text = compare(report(tmp_path / "a", PASSES), tmp_path / "b")
    assert code == 1 and "has no JUnit report" in text
