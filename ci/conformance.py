"""Whether the conformance corpus is what its scripts make of it, with the library of this checkout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from common import BUILD, CORPUS, VENV_PYTHON
from reports import Outcome
from steps import run_logged, tail

LOGS = BUILD / "logs"
UNCHANGED = re.compile(r"^(\w+): (\d+) cases, as they should be$", re.MULTILINE)


def check(variables: Mapping[str, str], timeout: float) -> Outcome:
    """Makes the tiny models and all cases anew, and counts the cases that come out as they are."""
    outcome = Outcome()
    log = LOGS / "corpus-models.log"
    wrong = _run(CORPUS / "models" / "make_tiny_llama.py", log, variables, timeout)
    outcome.check("the tiny models are what their script makes", wrong)
    log = LOGS / "corpus.log"
    wrong = _run(CORPUS / "generate.py", log, variables, timeout)
    unchanged = {topic: int(count) for topic, count in UNCHANGED.findall(log.read_text(encoding="utf-8"))}
    outcome.passed += sum(unchanged.values())
    for topic in sorted(path.stem for path in (CORPUS / "cases").glob("*.json")):
        if topic not in unchanged:
            outcome.failed.append((topic, wrong or f"generate.py says nothing of it; see {log}"))
    if wrong and not outcome.failed:
        outcome.failed.append(("generate.py --check", wrong))
    return outcome


def _run(script: Path, log: Path, variables: Mapping[str, str], timeout: float) -> str:
    """What went wrong with a script that only checks; nothing if it found all as it should be."""
    log.unlink(missing_ok=True)
    command = [str(VENV_PYTHON), str(script), "--check"]
    code = run_logged(command, log, cwd=script.parent, variables=variables, timeout=timeout)
    return f"{script.name} --check ended with {code}:\n{tail(log, 40)}" if code else ""
