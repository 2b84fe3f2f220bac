"""The results files that the languages' runners write, results-LANGUAGE.json."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..places import Json

VARIABLE = "GPT4ALL_CONFORMANCE"
"""Names the folder for results; without it, runners write none."""

LANGUAGES = {"python": "Python", "typescript": "TypeScript", "golang": "Go", "java": "Java"}
"""The bindings, by the name of their folder; Python, which comes first, is the reference."""

KINDS = ("cases", "downloads")


@dataclass(frozen=True)
class Results:
    """What one language made of the corpus. cases: {"outcomes"}, {"skipped"}, or {"failed"}, and the outcomes until
    then, by the case's id. downloads: {"passed"}, {"skipped"} or {"failed"} by the download case's id."""

    language: str
    cases: Json
    downloads: Json


def read(folder: Path) -> dict[str, Results]:
    """The results in a folder, by language. Raises ValueError for a file that does not hold any."""
    found = {}
    for language in LANGUAGES:
        path = folder / f"results-{language}.json"
        if not path.is_file():
            continue
        whole = json.loads(path.read_text(encoding="utf-8"))
        if whole.get("language") != language or not all(isinstance(whole.get(kind), dict) for kind in KINDS):
            raise ValueError(f"{path} does not hold the results of {language}")
        found[language] = Results(language, whole["cases"], whole["downloads"])
    return found


def record(kind: str, case_id: str, result: Any) -> None:
    """Keeps one result of Python's for collect(). Tests may run in several processes, so each has a file of its own."""
    if folder := os.environ.get(VARIABLE):
        path = Path(folder, "python", kind, f"{case_id}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result), encoding="utf-8")


def collect() -> None:
    """Writes Python's results file, with all that was recorded."""
    if folder := os.environ.get(VARIABLE):
        whole: Json = {"language": "python"}
        for kind in KINDS:
            paths = sorted(Path(folder, "python", kind).glob("*.json"))
            whole[kind] = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
        Path(folder, "results-python.json").write_text(json.dumps(whole), encoding="utf-8")
