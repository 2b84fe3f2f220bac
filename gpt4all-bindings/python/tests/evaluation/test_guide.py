"""The examples of the guide, which the lane of the other pages leaves out."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import ROOT, RunPython

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_examples_run(run_python: RunPython, tiny_path: Path, data: Path) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8"))
    assert len(blocks) == 2
    code = "".join(blocks).replace('"smollm2"', repr(str(tiny_path))).replace('"tasks"', repr(str(data)))
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["boolq", "acc"], ["arc_easy", "acc_norm"]]
    assert lines[2].startswith("[(-")
