"""`make chat`: the chat application of this checkout. Builds the library and the front end, and opens it."""

from __future__ import annotations

import os
import sys

from ci.build import build, directory, expected
from ci.common import ROOT, run_main
from ci.fetch.default_model import fetch, model_path
from ci.front_end import build_front_end
from ci.setup import BUILD_TOOLS, ensure_other_venv, ensure_tools
from ci.steps import Steps

PYTHON_BINDING = ROOT / "gpt4all-bindings" / "python"


def main() -> int:
    """Every step is skipped at no cost where its result is there."""
    steps = Steps(5)
    with steps.step("tools of the build"):
        ensure_tools([*BUILD_TOOLS, "venv"])
    with steps.step("llama.cpp and libllmodel", expected("release")):
        build("release", ["llmodel"])
    with steps.step("Python packages in build/venv-app"):
        requirements = PYTHON_BINDING / "tests" / "app" / "requirements.txt"
        python = ensure_other_venv("venv-app", requirements, "the chat application's packages")
    with steps.step("the front end, with npm"):
        build_front_end()
    with steps.step("default model", "" if model_path().exists() else "98 MB"):
        fetch()
    variables = {
        **os.environ,
        "PYTHONPATH": str(PYTHON_BINDING),
        "GPT4ALL_LIBRARY": str(directory("release") / "bin" / "libllmodel.so"),
    }
    os.execve(python, [str(python), "-m", "gpt4all", "app"], variables)


if __name__ == "__main__":
    sys.exit(run_main("make chat", main))
