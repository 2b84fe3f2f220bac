"""Compares the model class with lm-eval's own for transformers, request by request, on the small trained models in F32.

Every log-likelihood must agree within TOLERANCE nats, every request must be greedy for both or for none, and accuracies
must be equal. What was found is written to a file after each task.

Usage: python -m tests.evaluation.agreement OUT [--data FOLDER] [--limit N] [--models NAME,…]
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from corpus_tools.models.hugging_face_folder import NAMES, make
from lm_eval.models.huggingface import HFLM

import gpt4all
from gpt4all import evaluation
from gpt4all.conversion import convert_folder
from gpt4all.evaluation._harness import Tasks, evaluate

from ..made_up import write_data

TOLERANCE = 0.01
_EXACT: dict[str, Any] = {"cache_type_k": "f32", "cache_type_v": "f32", "flash_attn": "off"}


def compare(task: str, ours: Any, theirs: Any, data: Path, limit: int | None) -> dict[str, Any]:
    """The largest difference, and what both reached in the task."""
    one, other = (
        evaluate(each, Tasks((task,)).load(task, data, 0), limit=limit, fewshot=0, seed=1) for each in (ours, theirs)
    )
    pairs = [
        (mine, its)
        for a, b in zip(one["samples"][task], other["samples"][task], strict=True)
        for mine, its in zip(a["filtered_resps"], b["filtered_resps"], strict=True)
    ]
    reached = [
        {name.partition(",")[0]: value for name, value in each["results"][task].items() if name.startswith("acc")}
        for each in (one, other)
    ]
    return {
        "items": len(one["samples"][task]),
        "requests": len(pairs),
        "largest_difference": max(abs(float(mine[0]) - float(its[0])) for mine, its in pairs),
        "greedy_differs": sum(bool(mine[1]) != bool(its[1]) for mine, its in pairs),
        "ours": reached[0],
        "theirs": reached[1],
    }


def wrong(name: str, task: str, found: dict[str, Any]) -> list[str]:
    """What does not agree, in words."""
    place = f"{name}: {task}"
    told = []
    if found["largest_difference"] > TOLERANCE:
        told.append(f"{place}: log-likelihoods differ by {found['largest_difference']:.4f} nats")
    if found["greedy_differs"]:
        told.append(f"{place}: {found['greedy_differs']} requests are greedy for one alone")
    if found["ours"] != found["theirs"]:
        told.append(f"{place}: {found['ours']} in place of {found['theirs']}")
    return told


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--data", type=Path, help="a folder with the data of the seven tasks, in place of made-up data")
    parser.add_argument("--limit", type=int, help="how many items of each task to ask")
    parser.add_argument("--models", default=",".join(NAMES))
    asked = parser.parse_args()
    packages = {name: version(name) for name in ("lm_eval", "torch", "transformers")}
    found: dict[str, Any] = {
        "tolerance": TOLERANCE,
        "machine": platform.machine(),
        "versions": packages,
        "wrong": [],
        "models": {},
    }
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        data = asked.data or write_data(Path(temporary))
        for name in asked.models.split(","):
            folder = make(name, Path(temporary) / name)
            convert_folder(folder, folder / "f32.gguf", type="F32")
            with gpt4all.Model(folder / "f32.gguf", **_EXACT) as model:
                ours = evaluation.language_model(model)
                theirs = HFLM(
                    pretrained=str(folder), device="cpu", dtype="float32", batch_size=16, max_length=ours.max_length
                )
                theirs.chat = False
                for task in evaluation.SEVEN_TASKS:
                    each = compare(task, ours, theirs, data, asked.limit)
                    found["models"].setdefault(name, {})[task] = each
                    found["wrong"] += wrong(name, task, each)
                    print(name, task, each, flush=True)
                    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for line in found["wrong"]:
        print(line, file=sys.stderr)
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
