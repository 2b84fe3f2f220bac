"""Whether a fine-tuned model still knows what its base knew: both are asked questions of the seven tasks.

Needs the package gpt4all with the extra `evaluate`; PyTorch is not needed.

Usage: python compare.py BASE.gguf TUNED.gguf OUT [--data FOLDER] [--limit N]

Exit codes: 0 it is not worse within the error, 1 it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from gpt4all import Model, evaluation

NORMAL = 1.96  # standard errors to either side make a 95% confidence interval


@dataclass(frozen=True)
class Compared:
    """The average accuracy of both, and the difference with its 95% confidence interval, over the same questions."""

    questions: int
    base: float
    tuned: float
    difference: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        """Whether chance does not explain that it is below."""
        return self.high < 0


def compare(base: evaluation.Evaluation, tuned: evaluation.Evaluation) -> Compared:
    """Compares two models' answers to the same questions."""
    difference, error = evaluation.difference(base, tuned)
    questions = sum(each.items for each in base.tasks.values())
    low, high = difference - NORMAL * error, difference + NORMAL * error
    return Compared(questions, base.average, tuned.average, difference, low, high)


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("tuned", type=Path)
    parser.add_argument("out", type=Path, help="a folder for the answers and tasks.json")
    parser.add_argument("--data", type=Path, help="a folder with the questions, in place of Hugging Face's hub")
    parser.add_argument("--limit", type=int, default=100, help="how many questions of each task to ask")
    asked = parser.parse_args()
    found = []
    for path in (asked.base, asked.tuned):
        with Model(path) as model:
            found.append(evaluation.evaluate(model, data=asked.data, folder=asked.out / path.stem, limit=asked.limit))
        print(f"{path.name}: {100 * found[-1].average:.1f} ± {100 * found[-1].average_error:.1f}%", flush=True)
    compared = compare(*found)
    (asked.out / "tasks.json").write_text(json.dumps(asdict(compared), indent=1) + "\n", encoding="utf-8")
    print(
        f"{compared.questions:,} questions of the seven tasks: {100 * compared.difference:+.1f} points "
        f"(95% confidence interval {100 * compared.low:+.1f} to {100 * compared.high:+.1f}): the fine-tuned model is "
        f"{'worse' if compared.is_worse else 'not worse within the error'}"
    )
    return 1 if compared.is_worse else 0


if __name__ == "__main__":
    sys.exit(main())
