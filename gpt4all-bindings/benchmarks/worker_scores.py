"""Scores of many questions through the Python package: worker_scores.py PLAN.json, each step a request for a batch."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from gpt4all import Model


def main() -> None:
    """Opens the model and runs the plan."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    start = time.perf_counter()
    with Model(plan["model"], **plan["options"]) as model:
        opened = time.perf_counter() - start
        print("ready", flush=True)
        steps = []
        for (request,) in plan["steps"]:
            inputs = [(each["context"], each["continuations"]) for each in request["inputs"]]
            start = time.perf_counter()
            scores = model.score_batch(inputs)
            wall = time.perf_counter() - start
            steps.append({"wall_s": wall, "answers": [{"tokens": scores.usage["total_tokens"]}]})
    print(json.dumps({"open_s": opened, "steps": steps}))


if __name__ == "__main__":
    main()
