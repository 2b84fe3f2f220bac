"""What llmodel_bench does, through the Python package: worker_gpt4all.py PLAN.json"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gpt4all import Model


def answer(model: Model, request: dict[str, Any]) -> dict[str, Any]:
    """Streams one answer."""
    first = last = 0.0
    pieces, all_text = 0, ""
    start = time.perf_counter()
    stream: Any = (model.chat if "messages" in request else model.complete)(**request, stream=True)
    for text in stream:
        all_text += text
        last = time.perf_counter() - start
        if pieces == 0:
            first = last
        pieces += 1
    if pieces == 0:
        first = last = time.perf_counter() - start
    usage = stream.result.usage
    tokens, cached = usage["completion_tokens"], usage["prompt_tokens_details"]["cached_tokens"]
    return {
        "first_s": first, "last_s": last, "pieces": pieces, "tokens": tokens, "cached": cached, "text": all_text,
    }  # fmt: skip


def main() -> None:
    """Opens the model and runs the plan."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    start = time.perf_counter()
    with Model(plan["model"], **plan["options"]) as model:
        opened = time.perf_counter() - start
        print("ready", flush=True)
        steps = []
        for requests in plan["steps"]:
            start = time.perf_counter()
            with ThreadPoolExecutor(len(requests)) as pool:
                answers = list(pool.map(lambda request: answer(model, request), requests))
            steps.append({"wall_s": time.perf_counter() - start, "answers": answers})
    print(json.dumps({"open_s": opened, "steps": steps}))


if __name__ == "__main__":
    main()
