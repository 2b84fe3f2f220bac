"""Whether model files of 2023 compute what they did: by the word of transformers, and of the programs of that time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from common import BUILD, CORPUS
from conversions import ensure_conversion_venv
from reports import Outcome
from steps import run_logged, tail


def check(variables: Mapping[str, str], timeout: float) -> Outcome:
    """Runs both checks; each comparison counts as a test. What was committed of them stays as it is."""
    outcome = Outcome()
    paths = os.pathsep.join([variables["PYTHONPATH"], str(CORPUS)])
    for name in ("transformers", "engines"):
        log, found = BUILD / "logs" / f"legacy-{name}.log", BUILD / "reports" / f"legacy-{name}.json"
        log.unlink(missing_ok=True)
        found.unlink(missing_ok=True)
        found.parent.mkdir(parents=True, exist_ok=True)
        command = [str(ensure_conversion_venv()), "-m", f"legacy.check_against_{name}", "--out", str(found)]
        code = run_logged(command, log, cwd=CORPUS, variables={**variables, "PYTHONPATH": paths}, timeout=timeout)
        if not found.is_file():
            outcome.failed.append((name, f"check_against_{name} ended with {code}:\n{tail(log, 40)}"))
            continue
        groups = json.loads(found.read_text(encoding="utf-8")).values()
        compared = [each for group in groups if isinstance(group, list) for each in group]
        outcome.passed += sum(each.get("agrees", False) for each in compared)
        outcome.failed += [(name, json.dumps(each)) for each in compared if not each.get("agrees", False)]
    return outcome
