"""`make train-demo`: the training pipeline on the default model, from questions about the library's own options."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ci.build import build, directory, expected
from ci.common import BUILD, ROOT, Failure, run_main
from ci.fetch.default_model import fetch, model_path
from ci.setup import BUILD_TOOLS, ensure_other_venv, ensure_tools
from ci.steps import Steps

TRAINING = ROOT / "gpt4all-training"
FOLDER = BUILD / "train-demo"
SCHEMA = ROOT / "gpt4all-backend" / "schema" / "llmodel.schema.json"


def questions() -> Iterator[dict[str, str]]:
    """What each key of the schema does, as its description says."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for part, definition in schema["$defs"].items():
        for name, key in definition.get("properties", {}).items():
            if "description" in key:
                yield {"prompt": f"What is {name} of {part} in GPT4All?", "response": key["description"]}


def main() -> int:
    """Goes on where it was stopped, as each step does."""
    steps = Steps(9)
    with steps.step("tools of the build"):
        ensure_tools([*BUILD_TOOLS, "venv"])
    with steps.step("llama.cpp and libllmodel", expected("release")):
        build("release", ["llmodel"])
    with steps.step("PyTorch, transformers and TRL in build/venv-training", "5 GB"):
        requirements = TRAINING / "tests" / "train" / "requirements.txt"
        python = ensure_other_venv("venv-training", requirements, "PyTorch, transformers and TRL")
    with steps.step("default model", "" if model_path().exists() else "98 MB"):
        file = fetch()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("curate", "train", "export"):
        shutil.copy(TRAINING / "demo" / f"{name}.yaml", FOLDER)
    lines = "".join(json.dumps(each) + "\n" for each in questions())
    (FOLDER / "questions.jsonl").write_text(lines, encoding="utf-8")
    with steps.step("curate the questions"):
        _run(python, "gpt4all_training", "curate", "curate.yaml")
    with steps.step("turn the default model into a folder to train"):
        if not (FOLDER / "model").is_dir():
            _run(python, "gpt4all_training", "dequantise", str(file), "model")
    with steps.step("train an adapter", "some minutes"):
        _run(python, "gpt4all_training", "train", "train.yaml")
    with steps.step("merge it, convert and quantise"):
        _run(python, "gpt4all_training", "export", "export.yaml")
    with steps.step("ask the new model"):
        model = str(FOLDER / "exported" / "SmolLM2-135M-options-Q8_0.gguf")
        _run(python, "gpt4all", "run", "-m", model, "What is top_k of sampling in GPT4All?")
    return 0


def _run(python: Path, module: str, *arguments: str) -> None:
    """Runs a module of this checkout in the demo's folder. Raises Failure."""
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(TRAINING), str(ROOT / "gpt4all-bindings" / "python"))),
        "GPT4ALL_LIBRARY": str(directory("release") / "bin" / "libllmodel.so"),
    }
    command = [str(python), "-m", module, *arguments]
    if code := subprocess.run(command, cwd=FOLDER, env=variables, check=False).returncode:
        raise Failure(f"{module} {arguments[0]} ended with {code}; remove {FOLDER} to begin anew")


if __name__ == "__main__":
    sys.exit(run_main("make train-demo", main))
