"""A plan of single requests through llama-cpp-python, if this Python has it: worker_llama_cpp_python.py PLAN.json"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from llama_cpp import Llama


def answer(model: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Streams one answer. Its stream brings one token in each piece."""
    first = last = 0.0
    pieces, all_text = 0, ""
    start = time.perf_counter()
    for part in model.create_completion(
        request["prompt"], max_tokens=request["max_tokens"], temperature=0.0, stream=True
    ):
        text = part["choices"][0]["text"]
        if not text:
            continue
        all_text += text
        last = time.perf_counter() - start
        if pieces == 0:
            first = last
        pieces += 1
    if pieces == 0:
        first = last = time.perf_counter() - start
    return {
        "first_s": first, "last_s": last, "pieces": pieces, "tokens": pieces, "cached": 0, "text": all_text,
    }  # fmt: skip


def open_model(plan: dict[str, Any]) -> Any:
    """The plan's model."""
    options = plan["options"]
    return Llama(
        plan["model"],
        n_ctx=options["n_ctx"],
        n_batch=options["n_batch"],
        n_ubatch=options["n_ubatch"],
        n_threads=options["threads"],
        n_threads_batch=options["threads"],
        flash_attn=options["flash_attn"] == "on",
        n_gpu_layers=0,
        verbose=False,
    )


def main() -> None:
    """Opens the model and runs the plan."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    start = time.perf_counter()
    model = open_model(plan)
    opened = time.perf_counter() - start
    print("ready", flush=True)
    steps = []
    for requests in plan["steps"]:
        start = time.perf_counter()
        answers = [answer(model, request) for request in requests]
        steps.append({"wall_s": time.perf_counter() - start, "answers": answers})
    print(json.dumps({"open_s": opened, "steps": steps}))


if __name__ == "__main__":
    main()
