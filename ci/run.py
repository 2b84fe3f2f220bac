"""`make run`: from a bare machine to an answer of the default model to the prompt in PROMPT.

The steps go to stderr, the answer to stdout.
"""

from __future__ import annotations

import os
import sys

from ci.build import build, directory, expected
from ci.common import ROOT, run_main, say
from ci.fetch.default_model import fetch, model_path
from ci.setup import BUILD_TOOLS, ensure_tools, ensure_venv, missing
from ci.steps import Steps

DEFAULT_PROMPT = "Why is the sky blue? Answer in two sentences."
# Small models may repeat themselves until the context is full, for minutes.
MAX_TOKENS = 1024


def main() -> int:
    """Every step is skipped at no cost where its result is there."""
    steps = Steps(5)
    prompt = os.environ.get("PROMPT") or DEFAULT_PROMPT
    chosen = os.environ.get("MODEL")
    absent = missing([*BUILD_TOOLS, "venv"])
    with steps.step("tools of the build", f"missing: {', '.join(absent)}" if absent else "all here"):
        ensure_tools([*BUILD_TOOLS, "venv"])
    with steps.step("Python packages in build/venv"):
        python = ensure_venv(["cffi", "typer"])
    with steps.step("llama.cpp and libllmodel", expected("release")):
        build("release", ["llmodel"])
    with steps.step("default model", "" if chosen or model_path().exists() else "98 MB"):
        model = chosen or str(fetch())
    with steps.step(f"asking {os.path.basename(model)}: {prompt}"):
        say("")
        variables = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "gpt4all-bindings" / "python"),
            "GPT4ALL_LIBRARY": str(directory("release") / "bin" / "libllmodel.so"),
        }
        command = [str(python), "-m", "gpt4all", "run", "--model", model]
        command += ["--max-tokens", str(MAX_TOKENS), "--", prompt]
        os.execve(command[0], command, variables)


if __name__ == "__main__":
    sys.exit(run_main("make run", main))
