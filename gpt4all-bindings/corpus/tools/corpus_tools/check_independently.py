"""Compares the corpus's expected values with other implementations, and writes results/independent_check.json.

It does not use the library at all. Each case is done twice more, as far as that is possible:
- with transformers (PyTorch, F32) on the weights of the model file, Hugging Face tokenizers made from its vocabulary,
  jinja2 for templates, the `gguf` package for what is told of files, and jsonschema for requests and answers;
- with llama-cpp-python on the same file;
- with sentence-transformers on the weights that a model was converted from, if that is one of its models.
What an implementation can say of an outcome is compared with what the corpus expects there. Greedy choice, stop texts,
grammars (as regular expressions), JSON Schemas, penalties, pooling and norms are done again in independent/.

requirements-independent.txt says what it needs.

Usage: python -m corpus_tools.check_independently [--date YYYY-MM-DD] [--only CASE] [--jobs N]
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import multiprocessing
import platform
import sys
import tempfile
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .independent.runner import Run
from .independent.values import Json, NotCoveredError, Unknown, agrees
from .places import RESULTS, TOOLS, load_files

FOUND = RESULTS / "independent_check.json"
REQUIREMENTS = TOOLS / "requirements-independent.txt"
IMPLEMENTATIONS = ("transformers", "llama-cpp-python", "sentence-transformers")


@dataclass
class Found:
    """What was found out about one case."""

    values: int = 0
    covered: dict[int, set[str]] = field(default_factory=dict)  # by which implementations each value was compared
    reasons: dict[int, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def note(self, place: int, implementation: str, agreed: bool, where: str) -> None:
        self.covered.setdefault(place, set()).add(implementation)
        if not agreed:
            self.wrong.append(f"{where} ({implementation})")


def compared(case: Json) -> list[tuple[int, int | None, Json]]:
    """What there is to compare: the number of the step, of the request in it, and the expectation or the status."""
    found: list[tuple[int, int | None, Json]] = []
    for number, step in enumerate(case["steps"]):
        for place, call in enumerate(step.get("requests", [step])):
            if call.get("status", "ok") != "ok":
                inner = place if "requests" in step else None
                found.append((number, inner, {"at": "/status", "equals": call["status"]}))
        found += [(number, None, expectation) for expectation in step.get("expect", [])]
    return found


def check(case: Json) -> Found:
    found = Found()
    places = compared(case)
    found.values = len(places)
    for implementation in IMPLEMENTATIONS:
        with tempfile.TemporaryDirectory() as scratch:
            run = Run(case, Path(scratch), implementation=implementation)
            try:
                outcomes: list[Any] = [run.outcome(step) for step in case["steps"]]
            except Exception:
                traceback.print_exc()
                found.wrong.append(f"{case['id']} cannot be done by the check ({implementation})")
                found.covered.setdefault(0, set()).add(implementation)
                continue
        for place, (number, inner, expectation) in enumerate(places):
            outcome = outcomes[number] if inner is None else outcomes[number][inner]
            try:
                agreed = agrees(expectation, outcome, outcomes)
            except NotCoveredError as error:
                found.reasons.setdefault(place, str(error))
                continue
            found.note(place, implementation, agreed, f"{case['id']} step {number} {expectation['at']}")
            if not agreed:
                print(f"{found.wrong[-1]}\n  expected {short(expectation)}\n  found {short(outcome)}", file=sys.stderr)
    return found


def short(value: Any) -> str:
    def plain(item: Any) -> Any:
        return f"<{item.reason}>" if isinstance(item, Unknown) else getattr(item, "values", str(item))

    return json.dumps(value, ensure_ascii=False, default=plain)[:600]


def tally(cases: dict[str, Found]) -> Json:
    """How much of some cases is covered."""
    covered = {id_: found for id_, found in cases.items() if found.covered}
    by = Counter(name for found in cases.values() for names in found.covered.values() for name in names)
    return {
        "cases": len(cases),
        "covered": len(covered),
        "covered_whole": sum(len(found.covered) == found.values for found in covered.values()),
        "agreeing": sum(not found.wrong for found in covered.values()),
        "values": sum(found.values for found in cases.values()),
        "values_covered": sum(len(found.covered) for found in cases.values()),
        "values_by": {name: by[name] for name in IMPLEMENTATIONS},
    }


def uncovered(cases: dict[str, Found]) -> dict[str, int]:
    """Why values are not covered, and of how many that is the reason."""
    reasons = Counter(
        reason for found in cases.values() for place, reason in found.reasons.items() if place not in found.covered
    )
    return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def versions() -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines()]
    names = [line.split("==")[0] for line in lines if "==" in line]
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", default=datetime.datetime.now(datetime.timezone.utc).date().isoformat())
    parser.add_argument("--only", help="do the cases whose ids begin so, and write nothing")
    parser.add_argument("--jobs", type=int, default=1, help="processes, of 3 GB each")
    arguments = parser.parse_args()
    files = list(load_files().values())
    wanted = [case for file in files for case in file["cases"] if case["id"].startswith(arguments.only or "")]
    # by model, so that a process opens few
    wanted.sort(key=lambda case: str(case["model"]))
    with ProcessPoolExecutor(arguments.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        every = dict(zip((case["id"] for case in wanted), pool.map(check, wanted, chunksize=4), strict=True))
    topics: dict[str, dict[str, Found]] = {}
    for file in files:
        ids = [case["id"] for case in file["cases"] if case["id"] in every]
        topics[file["topic"]] = {id_: every[id_] for id_ in ids}
        if ids:
            print(f"{file['topic']}: {tally(topics[file['topic']])}")
    total = tally(every)
    wrong = sorted(line for found in every.values() for line in found.wrong)
    print(
        f"{total['covered']} of {total['cases']} cases are covered, {total['covered_whole']} of them in every value; "
        f"{total['agreeing']} agree, {total['covered'] - total['agreeing']} do not. "
        f"{total['values_covered']} of {total['values']} values are compared."
    )
    if not arguments.only:
        result = {
            "date": arguments.date,
            "versions": versions(),
            **total,
            "disagreeing": wrong,
            "topics": {topic: tally(cases) | {"why_not": uncovered(cases)} for topic, cases in topics.items()},
        }
        FOUND.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
