"""`make train-demo`: the training pipeline on the default model, from questions about the library's own options.

What is learnt is shown with confidence intervals: the loss of held-out answers must fall, and the answers to questions
of the seven tasks must not become worse. GPT4ALL_EVALUATION_DATA names a folder with these; without it they are
downloaded.

Exit codes: 0 it is so, 1 it is not, or a step failed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
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
    steps = Steps(11)
    with steps.step("tools of the build"):
        ensure_tools([*BUILD_TOOLS, "venv"])
    with steps.step("llama.cpp and libllmodel", expected("release")):
        build("release", ["llmodel"])
    with steps.step("PyTorch, transformers and TRL in build/venv-training", "5 GB"):
        requirements = TRAINING / "tests" / "train" / "requirements.txt"
        python = ensure_other_venv("venv-training", requirements, "PyTorch, transformers and TRL")
    with steps.step("lm-eval in build/venv-evaluate", "700 MB"):
        requirements = ROOT / "gpt4all-bindings" / "python" / "tests" / "evaluation" / "requirements.txt"
        evaluating = ensure_other_venv("venv-evaluate", requirements, "lm-eval and what it needs")
    with steps.step("default model", "" if model_path().exists() else "98 MB"):
        file = fetch()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("curate", "train", "export"):
        shutil.copy(TRAINING / "demo" / f"{name}.yaml", FOLDER)
    lines = "".join(json.dumps(each) + "\n" for each in questions())
    (FOLDER / "questions.jsonl").write_text(lines, encoding="utf-8")
    with steps.step("curate the questions"):
        _run(python, "-m", "gpt4all_training", "curate", "curate.yaml")
    with steps.step("turn the default model into a folder to train"):
        if not (FOLDER / "model").is_dir():
            _run(python, "-m", "gpt4all_training", "dequantise", str(file), "model")
    with steps.step("train an adapter", "some minutes"):
        _run(python, "-m", "gpt4all_training", "train", "train.yaml")
        check_loss(json.loads((FOLDER / "tuned" / "manifest.json").read_text(encoding="utf-8"))["held_out"])
    with steps.step("merge it, convert and quantise"):
        _run(python, "-m", "gpt4all_training", "export", "export.yaml")
    with steps.step("ask the new model"):
        model = str(FOLDER / "exported" / "SmolLM2-135M-options-Q8_0.gguf")
        _run(python, "-m", "gpt4all", "run", "-m", model, "What is top_k of sampling in GPT4All?")
    with steps.step("ask both models 100 questions of each of the seven tasks", "some minutes"):
        named = os.environ.get("GPT4ALL_EVALUATION_DATA")
        data = ["--data", os.path.abspath(named)] if named else []
        _run(evaluating, str(TRAINING / "demo" / "compare.py"), str(file), model, "tasks", *data)
    return 0


def check_loss(held_out: Mapping[str, float]) -> None:
    """Raises Failure unless the held-out loss fell by more than chance explains."""
    if held_out["high"] >= 0:
        interval = f"95% confidence interval {held_out['low']:+.4f} to {held_out['high']:+.4f}"
        raise Failure(f"the loss of held-out answers did not fall for sure: {held_out['difference']:+.4f} ({interval})")


def _run(python: Path, *arguments: str) -> None:
    """Runs Python on this checkout in the demo's folder. Raises Failure."""
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(TRAINING), str(ROOT / "gpt4all-bindings" / "python"))),
        "GPT4ALL_LIBRARY": str(directory("release") / "bin" / "libllmodel.so"),
    }
    if code := subprocess.run([str(python), *arguments], cwd=FOLDER, env=variables, check=False).returncode:
        raise Failure(f"{' '.join(arguments)} ended with {code}; remove {FOLDER} to begin anew")


if __name__ == "__main__":
    sys.exit(run_main("make train-demo", main))
