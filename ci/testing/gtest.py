"""Running programs of GoogleTest for a lane, with the cases of each in a few processes.

Under the address sanitizer, to start one for each case is a quarter of all that is to be computed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci.build import directory
from ci.common import ROOT
from ci.steps import end_all, run_logged, tail
from ci.testing.reports import Outcome, read_junit
from ci.testing.runners import LANE_SECONDS, LOGS, REPORTS, last_word, processors

_BEGUN = re.compile(r"^\[ RUN      \] (\S+)", re.MULTILINE)


def run_gtest(
    name: str, preset: str, programs: Sequence[str], *, variables: Mapping[str, str] | None = None
) -> Outcome:
    """Runs all cases of programs in a preset's bin. The reports are build/reports/NAME-PROGRAM-NUMBER.xml.

    As a crash takes the report of its process with it, the case in which that ended stands for all of them.
    """
    parts = 2 * processors()  # which end at different times: twice as many leave no processor idle for long
    with ThreadPoolExecutor(processors()) as pool:
        waiting = [
            pool.submit(_run, f"{name}-{program}-{part}", directory(preset) / "bin" / program, part, parts, variables)
            for program in programs
            for part in range(parts)
        ]
        outcome = Outcome()
        try:
            for each in waiting:
                outcome += each.result()
        except BaseException:
            end_all()
            raise
    return outcome


def _run(name: str, program: Path, part: int, parts: int, variables: Mapping[str, str] | None) -> Outcome:
    report, log = REPORTS / f"{name}.xml", LOGS / f"{name}.log"
    report.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    shard = {"GTEST_TOTAL_SHARDS": str(parts), "GTEST_SHARD_INDEX": str(part)}
    command = [str(program), f"--gtest_output=xml:{report}"]
    code = run_logged(
        command, log, cwd=ROOT, variables={**shard, **(variables or {})}, progress=last_word, timeout=LANE_SECONDS
    )
    if not report.is_file():
        begun = _BEGUN.findall(log.read_text(encoding="utf-8", errors="replace"))
        where = begun[-1] if begun else name
        return Outcome(failed=[(where, f"{program.name} ended with {code} in it; all is in {log}:\n{tail(log, 60)}")])
    outcome = read_junit(report)
    if code and not outcome.failed:
        outcome.failed.append((name, f"{program.name} ended with {code}; all is in {log}:\n{tail(log, 60)}"))
    return outcome
