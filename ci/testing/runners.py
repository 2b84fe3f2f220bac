"""Running pytest and ctest for a lane: reports in build/reports, output in build/logs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci.build import ccache_variables, directory
from ci.common import BUILD, ROOT, VENV_PYTHON
from ci.steps import run_logged, tail
from ci.testing.reports import Outcome, read_junit

LOGS = BUILD / "logs"
REPORTS = BUILD / "reports"
CONFORMANCE = BUILD / "conformance"
LANE_SECONDS = 3000
PYTHON_BINDING = ROOT / "gpt4all-bindings" / "python"


def library_variables(preset: str = "release") -> dict[str, str]:
    """Where bindings and scripts find the library and the Python package of this checkout."""
    return {
        "GPT4ALL_REQUIRE_LIBRARY": "1",
        "GPT4ALL_LIBRARY": str(directory(preset) / "bin" / "libllmodel.so"),
        "PYTHONPATH": str(PYTHON_BINDING),
        **ccache_variables(),
    }


def conformance_variables(language: str) -> dict[str, str]:
    """Where a binding's tests write what they made of the corpus. Earlier results of the language are removed."""
    CONFORMANCE.mkdir(parents=True, exist_ok=True)
    CONFORMANCE.joinpath(f"results-{language}.json").unlink(missing_ok=True)
    shutil.rmtree(CONFORMANCE / language, ignore_errors=True)
    return {"GPT4ALL_CONFORMANCE": str(CONFORMANCE)}


def processors() -> int:
    """How many processors there are."""
    return os.cpu_count() or 1


def last_word(line: str) -> str | None:
    """What to show of a program's output while it runs: the line that it wrote last."""
    return line.strip()[:100] or None


def run_pytest(
    name: str,
    tests: Path,
    variables: Mapping[str, str],
    *,
    python: Path = VENV_PYTHON,
    options: Sequence[str] = (),
    parallel: bool = False,
) -> Outcome:
    """Runs the tests of a file or folder. The report is build/reports/NAME.xml.

    parallel: whether several may run at a time.
    """
    report, log = REPORTS / f"{name}.xml", LOGS / f"{name}.log"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "--junitxml", str(report), *options, str(tests)]
    command += ["--numprocesses", str(min(processors(), 4)), "--dist", "worksteal"] if parallel else []
    folder = tests if tests.is_dir() else tests.parent
    # threads of numpy's spin while they wait for each other, on processors that something else could use
    alone = {"OPENBLAS_NUM_THREADS": "1", **variables}
    code = run_logged(command, log, cwd=folder, variables=alone, progress=last_word, timeout=LANE_SECONDS)
    if not report.is_file():
        return Outcome(failed=[(name, f"pytest ended with {code} and no report:\n{tail(log)}")])
    outcome = read_junit(report)
    if code not in (0, 1):
        outcome.failed.append((name, f"pytest ended with {code}:\n{tail(log, 20)}"))
    return outcome


def run_ctest(
    name: str, preset: str, *selection: str, variables: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
) -> Outcome:
    """Runs ctest in a preset's build folder. The report is build/reports/NAME.xml.

    selection: ctest's options that choose among the tests.
    prefix: what goes before ctest.
    """
    report, log = REPORTS / f"{name}.xml", LOGS / f"{name}.log"
    report.unlink(missing_ok=True)
    command = [*prefix, "ctest", "--test-dir", str(directory(preset)), "--output-junit", str(report)]
    command += ["--no-tests=error", "--output-on-failure", "--timeout", "600", *selection]
    code = run_logged(command, log, cwd=ROOT, variables=variables, progress=last_word, timeout=LANE_SECONDS)
    if not report.is_file():
        return Outcome(failed=[(name, f"ctest ended with {code} and no report:\n{tail(log)}")])
    outcome = read_junit(report)
    if code and not outcome.failed:
        outcome.failed.append((name, f"ctest ended with {code}:\n{tail(log, 20)}"))
    return outcome
