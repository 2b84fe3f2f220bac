"""The lane of the conformance corpus: whether it is what its scripts make of it, with the library of this checkout."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ci.build import build
from ci.common import ROOT, VENV_PYTHON
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import CONFORMANCE, LANE_SECONDS, LOGS, library_variables, run_pytest

CORPUS = Path(__file__).resolve().parent
COUNTS = re.compile(r"^(\w+): (\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)
UNCHANGED = re.compile(r"^(\w+): (\d+) cases, as they should be$", re.MULTILINE)


# What a folder's files must not name, as it lies above them: dependencies point from bindings to the corpus to the
# backend. In the corpus this is about its programs; its README may say who runs the cases.
ABOVE = {
    "gpt4all-backend": ("gpt4all-bindings", "gpt4all-chat", "gpt4all-training"),
    "gpt4all-bindings/corpus/tools": ("python/tests", "import conftest", "from conftest", "gpt4all-chat"),
    "gpt4all-bindings/catalogue/*.py": ("gpt4all",),
    "gpt4all-bindings/catalogue/*.json": ("gpt4all-bindings", "gpt4all-chat"),
}


def _corpus(_: Settings) -> Outcome:
    """Makes the tiny models and all cases again, and counts the cases that come out as they are."""
    build("release", ["llmodel"])
    outcome = Outcome()
    for folder, names in ABOVE.items():
        outcome.check(f"{folder} knows nothing of what is above it", _mentions(folder, names))
    log = LOGS / "corpus-models.log"
    wrong = _run("models.make_tiny_llama", log)
    outcome.check("the tiny models are what their script makes", wrong)
    log = LOGS / "corpus.log"
    wrong = _run("generate", log)
    unchanged = {topic: int(count) for topic, count in UNCHANGED.findall(log.read_text(encoding="utf-8"))}
    outcome.passed += sum(unchanged.values())
    for topic in sorted(path.stem for path in (CORPUS / "cases").glob("*.json")):
        if topic not in unchanged:
            outcome.failed.append((topic, wrong or f"corpus_tools.generate says nothing of it; see {log}"))
    if wrong and not outcome.failed:
        outcome.failed.append(("corpus_tools.generate --check", wrong))
    return outcome


def _mentions(folder: str, names: Sequence[str]) -> str:
    """The lines of a folder's files, committed or new, that have one of the names in them."""
    command = ["git", "grep", "--untracked", "-I", "-n", "-F", *(f"-e{name}" for name in names), "--", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):  # 1: there is none
        return f"git grep ended with {done.returncode}: {done.stderr}"
    return done.stdout


def _run(module: str, log: Path) -> str:
    """What went wrong with a module of corpus_tools that only checks; nothing if it found all as it should be."""
    log.unlink(missing_ok=True)
    command = [str(VENV_PYTHON), "-m", f"corpus_tools.{module}", "--check"]
    variables = library_variables()
    variables["PYTHONPATH"] += os.pathsep + str(CORPUS / "tools")
    code = run_logged(command, log, cwd=ROOT, variables=variables, timeout=LANE_SECONDS)
    return f"corpus_tools.{module} --check ended with {code}:\n{tail(log, 40)}" if code else ""


def _conformance(_: Settings) -> Outcome:
    """Compares what the lanes of the bindings, which come before, left in build/conformance."""
    outcome = Outcome()
    log = LOGS / "conformance-languages.log"
    log.unlink(missing_ok=True)
    command = [str(VENV_PYTHON), "-m", "corpus_tools.conformance", str(CONFORMANCE), "--check"]
    variables = {**library_variables(), "PYTHONPATH": str(CORPUS / "tools")}
    code = run_logged(command, log, cwd=ROOT, variables=variables, timeout=LANE_SECONDS)
    outcome += run_pytest("conformance", CORPUS / "tools" / "tests" / "test_conformance.py", variables)
    for language, passed, failed, skipped in COUNTS.findall(log.read_text(encoding="utf-8")):
        outcome.passed += int(passed)
        if int(skipped):
            outcome.skipped.append((language, f"{skipped} cases were skipped by its tests, too"))
        if int(failed):
            outcome.failed.append((language, f"{failed} cases: {log} says which"))
    if code and not outcome.failed:
        outcome.failed.append(("corpus_tools.conformance --check", f"ended with {code}:\n{tail(log, 40)}"))
    return outcome


LANES = {
    "corpus": Lane(
        "the conformance corpus, made again", _corpus, python=True, model=True, minutes=1.5, place=50, beside=True
    ),
    "conformance": Lane(
        "one corpus, the same answers in every language", _conformance, tools=[], python=True, minutes=0.2, place=168
    ),
}
