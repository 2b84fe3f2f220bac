"""Whether the conformance corpus is what its scripts make of it, with the library of this checkout."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ci.common import BUILD, CORPUS, CORPUS_TOOLS, ROOT, VENV_PYTHON
from ci.steps import run_logged, tail
from ci.testing.reports import Outcome

LOGS = BUILD / "logs"
UNCHANGED = re.compile(r"^(\w+): (\d+) cases, as they should be$", re.MULTILINE)


def check(variables: Mapping[str, str], timeout: float) -> Outcome:
    """Makes the tiny models and all cases anew, and counts the cases that come out as they are."""
    outcome = Outcome()
    log = LOGS / "corpus-models.log"
    wrong = _run("models.make_tiny_llama", log, variables, timeout)
    outcome.check("the tiny models are what their script makes", wrong)
    log = LOGS / "corpus.log"
    wrong = _run("generate", log, variables, timeout)
    unchanged = {topic: int(count) for topic, count in UNCHANGED.findall(log.read_text(encoding="utf-8"))}
    outcome.passed += sum(unchanged.values())
    for topic in sorted(path.stem for path in (CORPUS / "cases").glob("*.json")):
        if topic not in unchanged:
            outcome.failed.append((topic, wrong or f"corpus_tools.generate says nothing of it; see {log}"))
    if wrong and not outcome.failed:
        outcome.failed.append(("corpus_tools.generate --check", wrong))
    return outcome


def _run(module: str, log: Path, variables: Mapping[str, str], timeout: float) -> str:
    """What went wrong with a module of corpus_tools that only checks; nothing if it found all as it should be."""
    log.unlink(missing_ok=True)
    command = [str(VENV_PYTHON), "-m", f"corpus_tools.{module}", "--check"]
    paths = os.pathsep.join([variables["PYTHONPATH"], str(CORPUS_TOOLS)])
    code = run_logged(command, log, cwd=ROOT, variables={**variables, "PYTHONPATH": paths}, timeout=timeout)
    return f"corpus_tools.{module} --check ended with {code}:\n{tail(log, 40)}" if code else ""
