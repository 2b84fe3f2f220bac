"""Writes the tables of docs/models.md about files of 2023 from what the checks found (results/legacy/).

Usage: python -m corpus_tools.legacy.make_table [--check]    (--check only looks whether anything would change)
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from ..places import ROOT
from .blocks import TensorType
from .results import FOLDER
from .variants import VARIANTS

PAGE = ROOT / "docs" / "models.md"
BEGIN, END = "<!-- corpus_tools.legacy.make_table begins -->", "<!-- corpus_tools.legacy.make_table ends -->"


def _results(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cosine(value: float) -> str:
    """Rounded down, so that it says no more than is so."""
    return f"{math.floor(value * 1e6) / 1e6:.6f}"


def _by_type() -> str:
    """A row for each kind of file, a column for each type."""
    cosines = {(each["variant"], each["type"]): each["cosine"] for each in _results("transformers")["logits"]}
    rows = []
    for variant in VARIANTS:
        found = [cosines.get((variant.name, kind.name)) for kind in TensorType]
        rows.append([variant.title, *("" if value is None else _cosine(value) for value in found)])
    return _table(["File", *(kind.name for kind in TensorType)], rows)


def _by_engine() -> str:
    """A row for each engine and kind of file."""
    found = _results("engines")
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for what in ("logits", "written_by_engines", "greedy"):
        for each in found[what]:
            if "agrees" in each:
                groups.setdefault((each["engine"], each["variant"], what), []).append(each)
    titles = {variant.name: variant.title for variant in VARIANTS}
    words = {
        "logits": "logits on our files",
        "written_by_engines": "files that it quantised",
        "greedy": "greedy tokens on our files",
    }
    rows = []
    for (engine, variant, what), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][2])):
        types = ", ".join(each["type"] for each in group)
        same = "the same" if what == "greedy" else _cosine(min(each["cosine"] for each in group))
        rows.append([" ".join(engine.rsplit("-", 1)), words[what], titles[variant], types, same])
    return _table(["Program", "Compared", "File", "Types", "Least cosine"], rows)


def text() -> str:
    """What stands between the marks."""
    by_torch, by_engine = _results("transformers"), _results("engines")
    speed = _results("translation")
    same = sum(each["agrees"] for each in by_engine["quantizers"])
    versions = by_torch["versions"]
    return f"""{BEGIN}
The numbers are least cosines of logits over 24 tokens, with those of transformers {versions["transformers"]} in F32 on
the decoded weights of the same file. llama.cpp computes some things in half precision, and rounds activations to 8 bits
where weights are quantised. An empty cell is a type that such files never had. ({by_torch["date"]})

{_by_type()}

Programs of 2023, as PyPI still has them, were asked as well. {same} of their {len(by_engine["quantizers"])} quantisers
write the very bytes that the tests' encoders do. ({by_engine["date"]})

{_by_engine()}

A file of the size that GPT4All's GPT-J models had, {speed["old_bytes"]:,} bytes, was translated at
{speed["megabytes_per_second"]["translation"]} MB/s, where `cp` made {speed["megabytes_per_second"]["cp"]} MB/s on the
same disk, in {speed["peak_memory_bytes"] / 1e6:.0f} MB of memory at most; medians of {speed["rounds"]} rounds on
{speed["machine"]["threads"]} threads, with a load average of {speed["load_average"]}. ({speed["date"]})
{END}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(BEGIN)
    _, ended, behind = rest.partition(END)
    if not found or not ended:
        print(f"{PAGE} lacks the marks {BEGIN} and {END}")
        return 1
    made = before + text() + behind
    if made == page:
        return 0
    if arguments.check:
        print(f"{PAGE} is not what the results say; run `python -m corpus_tools.legacy.make_table`")
        return 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
