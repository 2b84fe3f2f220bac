"""The lane of old files: whether those of 2023 open in C, and compute what they did, by the word of transformers and of
programs of that time."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ci.build import build, directory
from ci.common import BUILD, ROOT, Failure
from ci.setup import ensure_other_venv
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import LANE_SECONDS, library_variables

TOOLS = Path(__file__).resolve().parents[2]


def _ensure_venv() -> Path:
    """The Python of build/venv-convert, which the lane of conversions uses, too."""
    return ensure_other_venv("venv-convert", TOOLS / "requirements-conversions.txt", "PyTorch and transformers")


def _check_in_c(outcome: Outcome, python: Path, variables: Mapping[str, str]) -> None:
    """Has the documentation's example in C ask a model in a file of every kind and type; each counts as a test."""
    log, files = BUILD / "logs" / "legacy-c.log", BUILD / "legacy"
    log.unlink(missing_ok=True)
    shutil.rmtree(files, ignore_errors=True)
    command = [str(python), "-m", "corpus_tools.legacy.write", str(files)]
    if run_logged(command, log, cwd=ROOT, variables=variables, timeout=LANE_SECONDS):
        raise Failure(f"corpus_tools.legacy.write failed:\n{tail(log, 40)}")
    program = str(directory("release") / "bin" / "llmodel_example_chat")
    cached = {**variables, "GPT4ALL_CACHE": str(files / "cache")}
    for file in sorted(files.glob("*.bin")):
        code = run_logged([program, str(file), "Hello"], log, cwd=files, variables=cached, timeout=LANE_SECONDS)
        outcome.check(f"{file.name} in C", f"ended with {code}:\n{tail(log, 10)}" if code else "")
    shutil.rmtree(files)


def _legacy(_: Settings) -> Outcome:
    """Runs all checks; each file and comparison counts as a test. What was committed of them stays as it is."""
    build("release", ["llmodel", "llmodel_example_chat"])
    outcome = Outcome()
    variables = library_variables()
    variables["PYTHONPATH"] += os.pathsep + str(TOOLS)
    python = _ensure_venv()
    _check_in_c(outcome, python, variables)
    for name in ("transformers", "engines"):
        log, found = BUILD / "logs" / f"legacy-{name}.log", BUILD / "reports" / f"legacy-{name}.json"
        log.unlink(missing_ok=True)
        found.unlink(missing_ok=True)
        found.parent.mkdir(parents=True, exist_ok=True)
        command = [str(python), "-m", f"corpus_tools.legacy.check_against_{name}", "--out", str(found)]
        code = run_logged(command, log, cwd=ROOT, variables=variables, timeout=LANE_SECONDS)
        if not found.is_file():
            outcome.failed.append((name, f"check_against_{name} ended with {code}:\n{tail(log, 40)}"))
            continue
        groups = json.loads(found.read_text(encoding="utf-8")).values()
        compared = [each for group in groups if isinstance(group, list) for each in group]
        outcome.passed += sum(each.get("agrees", False) for each in compared)
        outcome.failed += [(name, json.dumps(each)) for each in compared if not each.get("agrees", False)]
    return outcome


LANES = {
    "legacy": Lane(
        "model files of 2023, compared with transformers and programs of that time",
        _legacy,
        venv=_ensure_venv,
        minutes=15,
        place=80,
        optional="installs PyTorch",
    )
}
