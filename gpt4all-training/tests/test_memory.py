"""Memory does not grow with the rows. benchmarks/curate_scale.py measures it for a million of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from conftest import source, write_lines
from rows import make_rows

ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = """
import re, sys
from gpt4all_training.command_line import main
code = main(["curate", "--quiet", sys.argv[1]])
# not getrusage, in which the memory of the process that started this one is counted, too
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1024)
sys.exit(code)
"""


def peak(folder: Path, count: int) -> int:
    """MiB at most, of curating so many rows."""
    folder.mkdir()
    write_lines(folder / "rows.jsonl", (row for row, _ in make_rows(count, words=40)))
    (folder / "curate.yaml").write_text(json.dumps({"output": "out", "sources": [source()], "held_out": 0.01}))
    command = [sys.executable, "-c", _PROGRAM, str(folder / "curate.yaml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1])


def test_five_times_the_rows_take_no_more_memory(tmp_path: Path) -> None:
    few, many = peak(tmp_path / "few", 3_000), peak(tmp_path / "many", 15_000)
    assert many < 350
    assert many < few + 50
