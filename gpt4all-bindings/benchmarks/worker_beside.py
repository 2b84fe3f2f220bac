"""Contenders in one process: worker_beside.py NAME... PLAN.json, where NAME is gpt4all or llama_cpp=SITE_PACKAGES

They are loaded and opened in the order given. Each answers a step alone before the other does, the one that began the
last step second.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = Callable[[dict[str, Any]], "dict[str, Any]"]


def contender(named: str, plan: dict[str, Any]) -> Answer:
    """Loads a contender's library and opens the model with it."""
    name, _, packages = named.partition("=")
    if name == "gpt4all":
        import worker_gpt4all
        from gpt4all import Model

        ours = Model(plan["model"], **plan["options"])
        return lambda request: worker_gpt4all.answer(ours, request)
    sys.path.append(packages)
    import worker_llama_cpp_python

    theirs = worker_llama_cpp_python.open_model(plan)
    return lambda request: worker_llama_cpp_python.answer(theirs, request)


def main() -> None:
    """Opens the models and runs the plan."""
    *names, path = sys.argv[1:]
    plan = json.loads(Path(path).read_text())
    start = time.perf_counter()
    contenders = [contender(name, plan) for name in names]
    opened = time.perf_counter() - start
    print("ready", flush=True)
    steps = []
    for number, (request,) in enumerate(plan["steps"]):
        start = time.perf_counter()
        answers: list[dict[str, Any]] = [{} for _ in contenders]
        for turn in range(len(contenders)):
            one = (number + turn) % len(contenders)
            answers[one] = contenders[one](request)
        steps.append({"wall_s": time.perf_counter() - start, "answers": answers})
    print(json.dumps({"open_s": opened, "steps": steps}))


if __name__ == "__main__":
    main()
