"""`make chat`: the chat application of this checkout. Builds the library and the front end, and opens it."""

from __future__ import annotations

import os
import sys

from ci.build import build, directory, expected
from ci.common import BUILD, ROOT, Failure, run_main
from ci.fetch.default_model import fetch, model_path
from ci.setup import BUILD_TOOLS, ensure_other_venv, ensure_tools
from ci.steps import Steps, run_logged, tail

FRONT_END = ROOT / "gpt4all-chat"
PYTHON_BINDING = ROOT / "gpt4all-bindings" / "python"


def build_front_end() -> None:
    """Into the Python package. Raises Failure if it cannot be built."""
    ensure_tools(["npm"])
    log = BUILD / "logs" / "chat-build.log"
    commands = [["npm", "ci"]] if not (FRONT_END / "node_modules").is_dir() else []
    for command in [*commands, ["npm", "run", "build"]]:
        if run_logged(command, log, cwd=FRONT_END) != 0:
            raise Failure(f"{' '.join(command)} failed; the end of {log}:\n{tail(log)}")


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
        if (FRONT_END / "package.json").is_file():
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
