"""Reading reports and counting lanes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ci import setup
from ci import test as make_test
from ci.common import BUILD, ROOT, Failure, MissingTool, NoNetwork
from ci.documentation import check as docs
from ci.steps import ninja_progress, run_logged
from ci.testing.discover import find_lanes
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome, read_junit


def junit(tmp_path: Path, cases: str) -> Outcome:
    path = tmp_path / "report.xml"
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    return read_junit(path)


def test_counts_pass_fail_error_and_skip(tmp_path: Path) -> None:
    outcome = junit(
        tmp_path,
        '<testcase classname="a" name="good"/>'
        '<testcase classname="a" name="bad"><failure message="m">1 != 2</failure></testcase>'
        '<testcase classname="a" name="broken"><error message="fixture"/></testcase>'
        '<testcase classname="a" name="left"><skipped message="no model"/></testcase>',
    )
    assert str(outcome) == "1 passed, 2 failed, 1 skipped"
    assert outcome.failed == [("a::bad", "1 != 2"), ("a::broken", "fixture")]
    assert outcome.skipped == [("a::left", "no model")]


def test_reason_of_a_googletest_skip_is_what_the_test_said(tmp_path: Path) -> None:
    printed = "[ RUN      ] A.B\n/src/a.cpp:12: Skipped\nthe model is not here\n\n[  SKIPPED ] A.B (0 ms)\n"
    cases = (
        '<testcase name="A.B" classname="A.B" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
        f"<system-out>{printed}</system-out></testcase>"
    )
    assert junit(tmp_path, cases).skipped == [("A.B", "the model is not here")]


def test_reason_of_a_skip_in_googletests_own_report(tmp_path: Path) -> None:
    skip = '<skipped message="src/a.cpp:12&#x0A;the model is not here"><![CDATA[src/a.cpp:12\nthe rest]]></skipped>'
    cases = f'<testcase name="B" classname="A" status="run" result="skipped">{skip}</testcase>'
    assert junit(tmp_path, cases).skipped == [("A::B", "the model is not here")]


def test_reason_of_a_module_that_pytest_skips(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text("import pytest; pytest.skip('it\\'s not here', allow_module_level=True)")
    report = tmp_path / "found.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml", str(report), str(tmp_path)]
    subprocess.run(command, check=False, cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert read_junit(report).skipped == [("test_all", "it's not here")]


def test_a_test_that_was_not_run_is_a_failure(tmp_path: Path) -> None:
    assert len(junit(tmp_path, '<testcase name="a" status="notrun"/>').failed) == 1


def test_an_empty_report_is_a_failure(tmp_path: Path) -> None:
    assert len(junit(tmp_path, "").failed) == 1


def run_lane(lane: Lane, required: bool = False) -> Outcome:
    return make_test.run_lane("x", lane, Settings(), required)


def raising(error: Exception) -> Lane:
    def run(_: Settings) -> Outcome:
        raise error

    return Lane("x", run, tools=())


def test_lane_without_its_tools_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: object) -> None:
        raise MissingTool("install clang-14")

    monkeypatch.setattr("ci.testing.lane.ensure_tools", absent)
    lane = Lane("x", lambda _: Outcome(passed=1), tools=("clang",))
    assert run_lane(lane).skipped == [("x", "missing tool: install clang-14")]
    assert "install clang-14" in run_lane(lane, required=True).failed[0][1]


def test_lane_without_its_registry_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> None:
        raise NoNetwork("nothing answers")

    lane = Lane("x", lambda _: Outcome(passed=1), tools=(), venv=unreachable)
    assert run_lane(lane).skipped == [("x", "no network: nothing answers")]


def test_anything_that_goes_wrong_later_fails_the_lane() -> None:
    for error in (Failure("does not compile"), MissingTool("odd"), OSError("disk full")):
        assert len(run_lane(raising(error)).failed) == 1


def run_all(monkeypatch: pytest.MonkeyPatch, outcomes: dict[str, Outcome]) -> int:
    def returning(outcome: Outcome) -> Lane:
        return Lane("x", lambda _: outcome, tools=())

    monkeypatch.setattr(make_test, "find_lanes", lambda: {name: returning(each) for name, each in outcomes.items()})
    monkeypatch.setattr(make_test, "remember", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["test.py"])
    monkeypatch.delenv("GPT4ALL_REQUIRE", raising=False)
    return make_test.main()


def test_last_line_counts_all_lanes(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    code = run_all(monkeypatch, {"a": Outcome(passed=2), "b": Outcome(passed=3, skipped=[("s", "why")])})
    assert (code, capfd.readouterr().out) == (0, "5 passed, 0 failed, 1 skipped\n")


def test_a_failure_is_shown_and_fails(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    code = run_all(monkeypatch, {"a": Outcome(passed=2), "b": Outcome(failed=[("f", "1 != 2")])})
    shown = capfd.readouterr()
    assert code == 1 and "1 != 2" in shown.err and shown.out == "2 passed, 1 failed, 0 skipped\n"


def test_lanes_that_are_left_out_are_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lanes = {
        "a": Lane("x", lambda _: Outcome(passed=1), tools=()),
        "b": Lane("long", lambda _: Outcome(), optional="takes days"),
    }
    monkeypatch.setattr(make_test, "find_lanes", lambda: lanes)
    monkeypatch.setattr(make_test, "remember", lambda *_: None)
    monkeypatch.delenv("GPT4ALL_REQUIRE", raising=False)
    monkeypatch.setattr(sys, "argv", ["test.py"])
    assert make_test.main() == 0
    assert "not run: b, long: takes days" in capfd.readouterr().err
    monkeypatch.setattr(sys, "argv", ["test.py", "--lanes", "a"])
    assert make_test.main() == 0
    assert "not run" not in capfd.readouterr().err


def test_nothing_run_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_all(monkeypatch, {"a": Outcome(skipped=[("s", "why")])}) == 1


def test_unknown_lane_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["test.py", "--lanes", "natvie"])
    with pytest.raises(Failure, match="natvie"):
        make_test.main()


def test_every_lane_needs_only_known_tools() -> None:
    assert {tool for lane in find_lanes().values() for tool in lane.tools if isinstance(tool, str)} <= set(setup.TOOLS)


def test_missing_tool_without_root_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(setup.TOOLS, "x", setup.Tool("x-dev", lambda: False))
    monkeypatch.setattr(setup, "_as_root", lambda: None)
    with pytest.raises(MissingTool, match="apt-get install x-dev"):
        setup.ensure_tools(["x"])


def test_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo begun; sleep 60 & sleep 60"]
    assert run_logged(command, tmp_path / "log", cwd=tmp_path, timeout=0.5) == 124
    assert "begun" in (tmp_path / "log").read_text()


def test_output_goes_to_the_log_and_the_exit_code_back(tmp_path: Path) -> None:
    seen: list[str] = []
    command = ["sh", "-c", "echo out; echo err >&2; exit 3"]
    assert run_logged(command, tmp_path / "log", cwd=tmp_path, progress=lambda line: seen.append(line)) == 3
    assert seen == ["out\n", "err\n"]


def test_python_keeps_what_it_compiles_away_from_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "module.py").write_text("")
    command = [sys.executable, "-c", "import module; print(module.__cached__)"]
    assert run_logged(command, tmp_path / "log", cwd=tmp_path / "sources") == 0
    kept = Path((tmp_path / "log").read_text().splitlines()[-1])
    assert kept.is_file()
    assert kept.is_relative_to(BUILD / "pycache")
    assert [path.name for path in (tmp_path / "sources").iterdir()] == ["module.py"]


def test_progress_of_ninja() -> None:
    progress = ninja_progress()
    shown = progress("[3/12] Building CXX object ggml/src/CMakeFiles/ggml-base.dir/ggml.cpp.o\n")
    assert shown and shown.startswith("25% (3 of 12 steps") and shown.endswith("ggml.cpp.o")
    assert progress("warning: something\n") is None


def test_broken_links_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    (tmp_path / "b.md").write_text("# One heading, here\n")
    good = "[x](b.md) [y](b.md#one-heading-here) [z](https://example.com)\n```\n[n](nowhere)\n```\n"
    (tmp_path / "a.md").write_text(good)
    assert docs.broken_links("a.md") == []
    (tmp_path / "a.md").write_text("[x](c.md) [y](b.md#two)")
    assert len(docs.broken_links("a.md")) == 2
    (tmp_path / "a.md").write_text("Call `make nothing` and read `docs/none.md`, not `make test`.")
    assert len(docs.missing_names("a.md", {"test"})) == 2


def test_program_that_does_not_compile_is_found() -> None:
    assert docs.compile_errors('#include "llmodel.h"\nint main(void) { return (int)llmodel_abi_version(); }\n') == ""
    assert docs.compile_errors("int main(void) { return llmodel_nothing(); }\n") != ""


def test_being_ended_ends_what_was_started(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from ci.common import run_main; from ci.steps import run_logged\n"
        "command = ['sh', '-c', 'echo $$; exec sleep 60']\n"
        f"run_main('x', lambda: run_logged(command, Path({str(tmp_path / 'log')!r}), cwd=Path('/')))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    while not (tmp_path / "log").exists() or len((tmp_path / "log").read_text().split("\n")) < 3:
        time.sleep(0.02)
    child = int((tmp_path / "log").read_text().split("\n")[1])
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 128 + signal.SIGTERM
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
