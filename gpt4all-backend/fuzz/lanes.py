"""The lane of the fuzz targets, under the sanitizers: for a time that they share, or with a number of inputs each."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ci.build import CLANG_TOOLS, build, directory
from ci.common import BUILD, Failure
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome

SOURCES = Path(__file__).resolve().parent
MODELS = SOURCES.parent / "tests" / "models"
INPUTS_PER_SECOND = 50  # a target that is slower than this hangs; they make ten times as many, and more


def _chosen(names: Sequence[str]) -> list[Path]:
    programs = sorted(path for path in (directory("asan") / "bin").glob("fuzz_*") if os.access(path, os.X_OK))
    if not programs:
        raise Failure("build/asan/bin has no fuzz_*")
    known = {path.name: path for path in programs}
    wanted = [name if name.startswith("fuzz_") else f"fuzz_{name}" for name in names]
    if unknown := [name for name in wanted if name not in known]:
        raise Failure(f"no such fuzz target: {', '.join(unknown)}; the targets are {', '.join(known)}")
    return [known[name] for name in wanted] or programs


def _progress(name: str, runs: int) -> Callable[[str], str | None]:
    def show(line: str) -> str | None:
        found = re.match(r"#(\d+)\s", line)
        return f"{name}: {int(found[1]):,} inputs" + (f" of {runs:,}" if runs else "") if found else None

    return show


def _run(program: Path, seconds: int, runs: int) -> str:
    """What is wrong, if anything. Inputs that reach something new are kept in build/fuzz/corpus for the next time."""
    name = program.name
    seeds = SOURCES / "corpus" / name
    models = ",".join(map(str, sorted(MODELS.glob("*.gguf")))) if name == "fuzz_gguf" else ""
    found, artifacts = BUILD / "fuzz" / "corpus" / name, BUILD / "fuzz" / "artifacts" / name
    for folder in (found, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    log = BUILD / "logs" / f"{name}.log"
    log.unlink(missing_ok=True)
    command = [str(program), f"-runs={runs}" if runs else f"-max_total_time={seconds}"]
    command += ["-timeout=100", "-rss_limit_mb=2048", f"-dict={SOURCES / f'{name}.dict'}"]
    command += [f"-artifact_prefix={artifacts}/", *([f"-seed_inputs={models}"] if models else [])]
    command += [str(found), *([str(seeds)] if seeds.is_dir() else [])]  # the first is written to
    timeout = 300 + (runs / INPUTS_PER_SECOND if runs else seconds)
    code = run_logged(command, log, cwd=BUILD / "fuzz", progress=_progress(name, runs), timeout=timeout)
    return f"ended with {code}; inputs in {artifacts}:\n{tail(log, 40)}" if code else ""


def _fuzz(settings: Settings) -> Outcome:
    build("asan", ["gpt4all-backend/fuzz/all"])
    outcome = Outcome()
    programs = _chosen(settings.fuzz_targets)
    seconds = max(1, settings.fuzz_seconds // len(programs))
    for program in programs:
        outcome.check(program.name, _run(program, seconds, settings.fuzz_runs))
    return outcome


LANES = {"fuzz": Lane("fuzzing", _fuzz, tools=CLANG_TOOLS, minutes=1.5, place=166, beside=True)}
