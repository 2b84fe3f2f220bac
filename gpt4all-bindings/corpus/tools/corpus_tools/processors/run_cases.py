"""Runs cases of the conformance corpus, by their ids, without a framework for tests: for slow emulators.

Usage: python -m corpus_tools.processors.run_cases CASE ...
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ..expectations import check, check_status
from ..places import load_files
from ..runner import Case


def main() -> int:
    cases = {case["id"]: case for file in load_files().values() for case in file["cases"]}
    for name in sys.argv[1:]:
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            running = Case(cases[name], Path(scratch))
            for step, outcome in running.run():
                check_status(step, outcome)
                for expectation in step.get("expect", []):
                    check(expectation, outcome, running.outcomes)
    print(f"{len(sys.argv) - 1} cases hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
