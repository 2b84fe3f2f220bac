"""Measures retrieval: `python -m documents.retrieval FOLDER`, in tests/. FOLDER keeps the documents and their index.

--write makes results.json anew, which docs/documents.md shows, and test_quality.py compares with. It measures other
sizes of chunks too, in one folder of the documents.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from . import corpus
from .indexed import opened
from .measure import measured
from .questions import Question, questions

RESULTS = Path(__file__).with_name("results.json")
SIZES = (128, 200, 320, 448)
PART = "handbook"
TEXT = 1600  # tokens, about, in which the recall is told for each size


def results(folder: Path) -> dict[str, Any]:
    """What is measured with the default size of chunks: of the half of the questions that is held out, and of the
    other. Raises MissingPackageError."""
    documents = corpus.made(folder)
    asked = questions()
    with opened(folder, documents) as index:
        return {
            name: measured(index, [each for each in asked if each.held_out == held_out], documents)
            for name, held_out in (("held_out", True), ("others", False))
        }


def sizes(folder: Path) -> dict[str, Any]:
    """The same for other sizes of chunks, of a part of the documents, by all questions about it."""
    documents = corpus.made(folder)
    asked = [each for each in questions() if each.answer is None or each.answer.file.startswith(PART)]
    return {str(target): _size(folder, documents, asked, target) for target in SIZES}


def _size(folder: Path, documents: Path, asked: list[Question], target: int) -> dict[str, Any]:
    with opened(folder, documents, target, PART) as index:
        passages = round(TEXT / target)
        return {"passages": passages, **measured(index, asked, documents, passages)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    try:
        found = results(arguments.folder)
    except corpus.MissingPackageError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.write:
        found = {"date": datetime.date.today().isoformat(), **found, "sizes": sizes(arguments.folder)}
        RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
