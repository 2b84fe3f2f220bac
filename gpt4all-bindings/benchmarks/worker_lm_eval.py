"""Questions through lm-eval: worker_lm_eval.py PLAN.json [PORT].

Each step of the plan is pairs of a context and a continuation, whose log-likelihoods lm-eval asks for: of the model, by
our class, or of llama-cpp-python's server at that port, by the class that lm-eval has for it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lm_eval.api.instance import Instance


@contextmanager
def adapter(plan: dict[str, Any], port: str) -> Iterator[Any]:
    """An instance of lm-eval's LM."""
    if port:
        from lm_eval.models.gguf import GGUFLM

        yield GGUFLM(f"http://127.0.0.1:{port}")
        return
    from gpt4all import Model, evaluation

    with Model(plan["model"], **plan["options"]) as model:
        yield evaluation.language_model(model)


def main() -> None:
    """Runs the plan."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    with adapter(plan, sys.argv[2] if len(sys.argv) > 2 else "") as lm:
        print("ready", flush=True)
        steps = []
        for (request,) in plan["steps"]:
            asked = [
                Instance(request_type="loglikelihood", doc={}, arguments=tuple(pair), idx=0)
                for pair in request["pairs"]
            ]
            start = time.perf_counter()
            lm.loglikelihood(asked, disable_tqdm=True)
            steps.append({"wall_s": time.perf_counter() - start, "answers": [{"tokens": len(asked)}]})
    print(json.dumps({"steps": steps}))


if __name__ == "__main__":
    main()
