"""The lanes of processors: the CPU modules for x86-64, each made to compute by name, and the kernels for arm64."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from ci.build import PRESETS, build
from ci.common import ROOT, VENV_PYTHON, MissingTool, NoNetwork, say
from ci.setup import BUILD_TOOLS, ensure_tools
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import library_variables, run_ctest, run_pytest

TOOLS = Path(__file__).resolve().parents[2]


def _processors(_: Settings) -> Outcome:
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "AMD64"):
        return Outcome(skipped=[("processors", "the modules it knows are for x86-64 and Linux")])
    try:
        ensure_tools(["qemu"])
    except (MissingTool, NoNetwork) as failure:
        say(f"      without old processors, which qemu emulates: {failure}")
    programs = ("cpu_products", "cpu_attention", "cpu_activations", "amx_products_test")
    build("modules", ["llmodel", *(f"bin/{name}" for name in programs), "amx_emulator"])
    variables = library_variables("modules")
    variables["PYTHONPATH"] += os.pathsep + str(TOOLS)
    command = [str(VENV_PYTHON), "-m", "corpus_tools.processors.modules"]
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    for line in (told.stdout or told.stderr).splitlines():
        say(f"      {line}")
    outcome = run_ctest("processors-amx", "modules", "-L", "processors")
    outcome += run_pytest("processors", TOOLS / "tests" / "test_modules.py", variables, parallel=True)
    return outcome


def _arm64(_: Settings) -> Outcome:
    if platform.machine() in ("aarch64", "arm64"):
        return Outcome(skipped=[("arm64", "this processor is one, and the lane native has the same tests")])
    build("arm64", ["cpu_products", "cpu_attention", "cpu_activations"])
    return run_ctest("arm64", "arm64", "-L", "native")


LANES = {
    "processors": Lane(
        "every CPU module for x86-64, by name", _processors, python=True, model=True, minutes=15, place=42
    ),
    "arm64": Lane(
        "what is computed on arm64, emulated",
        _arm64,
        tools=[*BUILD_TOOLS, *PRESETS["arm64"].tools],
        minutes=3,
        place=43,
        beside=True,
    ),
}
