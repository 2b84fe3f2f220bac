#!/usr/bin/env python3
"""`make bench`: builds the library and llama.cpp's own tools alike, and hands them to the benchmark."""

from __future__ import annotations

import os
import subprocess
import sys

from build import build, directory, expected
from common import ROOT, run_main
from fetch_default_model import fetch
from lanes import library_variables
from setup import ensure_venv
from steps import Steps

SCRIPT = ROOT / "gpt4all-backend" / "benchmarks" / "bench.py"


def main() -> int:
    """Arguments go on to the benchmark."""
    steps = Steps(4)
    with steps.step("Python packages in build/venv"):
        python = ensure_venv()
    with steps.step("libllmodel, llama-bench and llama-server", expected("release")):
        build("release", ["llmodel", "llama-bench", "llama-server"])
    with steps.step("default model"):
        model = fetch()
    with steps.step("measuring"):
        binaries = directory("release") / "bin"
        variables = {**os.environ, **library_variables(), "GPT4ALL_BENCH_BINARIES": str(binaries)}
        command = [str(python), str(SCRIPT), "--model", str(model), *sys.argv[1:]]
        return subprocess.run(command, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_main("make bench", main))
