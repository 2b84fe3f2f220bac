"""Runs cases of the conformance corpus, by their ids, without a framework for tests: for slow emulators."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

BINDING = Path(__file__).resolve().parents[3] / "gpt4all-bindings" / "python"
sys.path[:0] = [str(BINDING), str(BINDING / "tests")]

from corpus_runner import Case, check, check_status, load_files  # noqa: E402


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
