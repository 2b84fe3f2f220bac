"""Curates rows made up on the spot, and prints how long it took and how much memory at most.

Usage: python benchmarks/curate_scale.py [--rows 1000000] [--folder FOLDER]

The rows, about 0.6 GB for a million, are made first, by the same program in another process, so that the memory
measured is that of curate alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIGURATION = """\
output: curated
sources: [{name: made-up, files: [rows.jsonl], license: CC0-1.0, author: this program}]
language: {keep: [en]}
contamination: {tasks: {boolq: task.jsonl}}
held_out: 0.01
"""


def make(folder: Path, count: int) -> None:
    """Writes the rows and what is expected of them."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from rows import make_rows

    kinds: Counter[str] = Counter()
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for row, kind in make_rows(count):
            file.write(json.dumps(row) + "\n")
            kinds[kind] += 1
    (folder / "kinds.json").write_text(json.dumps(kinds), encoding="utf-8")
    item = {"passage": " ".join(f"word{number}" for number in range(200)), "question": "is it so"}
    (folder / "task.jsonl").write_text(json.dumps(item) + "\n", encoding="utf-8")
    (folder / "curate.yaml").write_text(CONFIGURATION, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the files are made and left; otherwise they are removed")
    parser.add_argument("--only-make", action="store_true", help="make the rows and end")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.only_make:
            make(folder, arguments.rows)
            return 0
        again = [sys.executable, __file__, "--only-make", "--rows", str(arguments.rows), "--folder", str(folder)]
        subprocess.run(again, check=True)
        return measure(folder)


def measure(folder: Path) -> int:
    """Curates, and prints what was found beside what was to be."""
    began = time.monotonic()
    command = [sys.executable, "-m", "gpt4all_training", "curate", "--quiet", str(folder / "curate.yaml")]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    code = subprocess.run(command, env=environment, check=False).returncode
    seconds = time.monotonic() - began
    if code:
        return code
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # of the child that used most, which is curate
    report = json.loads((folder / "curated" / "report.json").read_text(encoding="utf-8"))
    kinds = json.loads((folder / "kinds.json").read_text(encoding="utf-8"))
    print(f"{report['rows']['read']:,} rows in {seconds:.0f} s ({report['rows']['read'] / seconds:,.0f} a second)")
    print(f"{used.ru_utime + used.ru_stime:.0f} s of processor time, with that of making the rows")
    print(f"{used.ru_maxrss / 1024:.0f} MiB of memory at most")
    for reason, count in report["sources"][0]["dropped"].items():
        print(f"{reason}: {count:,} (made: {kinds.get(reason, 0):,})")
    print(f"kept: {report['rows']['kept']:,} (made: {kinds['']:,})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
