"""A plan through ik_llama.cpp, if this Python has ik-llama-cpp-python: worker_ik_llama_cpp.py as-is|repacked PLAN.json

Its package has no way to say how weights are laid out, nor to decode several sequences together, so that this calls
the library below it. The prompts of a step with several requests are read one after the other, and their answers
decoded together, each token the likeliest.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ik_llama_cpp import _ctypes_api as api


class Context:
    """An open model."""

    def __init__(self, plan: dict[str, Any], *, repacked: bool) -> None:
        options = plan["options"]
        api.llama_backend_init()
        of_model = api.llama_model_default_params()
        of_model.n_gpu_layers = 0
        of_model.repack_tensors = repacked
        of_model.use_mmap = not repacked
        self._model = api.llama_model_load_from_file(plan["model"].encode(), of_model)
        if not self._model:
            raise RuntimeError(f"ik_llama.cpp cannot load {plan['model']}")
        of_context = api.llama_context_default_params()
        of_context.n_ctx = options["n_ctx"]
        of_context.n_batch, of_context.n_ubatch = options["n_batch"], options["n_ubatch"]
        of_context.n_threads = of_context.n_threads_batch = options["threads"]
        of_context.n_seq_max = options["n_parallel"]
        # with several sequences in a batch, it ends the process
        of_context.flash_attn = options["flash_attn"] == "on" and options["n_parallel"] == 1
        self._context = api.llama_init_from_model(self._model, of_context)
        if not self._context:
            raise RuntimeError(f"ik_llama.cpp cannot make a context for {plan['model']}")
        self._n_batch = options["n_batch"]
        self._n_vocab = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self._model))

    def clear(self) -> None:
        """Forgets all sequences."""
        api.llama_kv_cache_clear(self._context)

    def _decode(self, tokens: Sequence[tuple[int, int, int, bool]]) -> None:
        """tokens: each with its position, its sequence, and whether the next one is predicted."""
        batch = api.llama_batch_init(len(tokens), 0, 1)
        batch.n_tokens = len(tokens)
        for number, (token, position, sequence, predicts) in enumerate(tokens):
            batch.token[number], batch.pos[number], batch.logits[number] = token, position, predicts
            batch.n_seq_id[number], batch.seq_id[number][0] = 1, sequence
        code = api.llama_decode(self._context, batch)
        api.llama_batch_free(batch)
        if code != 0:
            raise RuntimeError(f"llama_decode() of ik_llama.cpp returned {code}")

    def _likeliest(self, place: int) -> int:
        logits = api.llama_get_logits_ith(self._context, place)
        return int(np.ctypeslib.as_array(logits, (self._n_vocab,)).argmax())

    def read(self, prompt: Sequence[int], sequence: int) -> int:
        """The likeliest token after a prompt."""
        for start in range(0, len(prompt), self._n_batch):
            part = prompt[start : start + self._n_batch]
            last = start + len(part) == len(prompt)
            self._decode(
                [(token, start + n, sequence, last and n == len(part) - 1) for n, token in enumerate(part)]
            )  # fmt: skip
        return self._likeliest(len(part) - 1)

    def go_on(self, tokens: Sequence[int], positions: Sequence[int]) -> list[int]:
        """The likeliest tokens after one more token of each sequence."""
        self._decode([(token, positions[number], number, True) for number, token in enumerate(tokens)])
        return [self._likeliest(number) for number in range(len(tokens))]


def answer(context: Context, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All answers of a step, which have the same length."""
    context.clear()
    start = time.perf_counter()
    prompts, count = [request["prompt"] for request in requests], requests[0]["max_tokens"]
    tokens = [context.read(prompt, number) for number, prompt in enumerate(prompts)]
    first = time.perf_counter() - start
    for step in range(count - 1):
        tokens = context.go_on(tokens, [len(prompt) + step for prompt in prompts])
    last = time.perf_counter() - start
    one = {"first_s": first, "last_s": last, "pieces": count, "tokens": count, "cached": 0}
    return [one for _ in requests]


def main() -> None:
    """Opens the model and runs the plan."""
    layout, path = sys.argv[1:]
    plan = json.loads(Path(path).read_text())
    start = time.perf_counter()
    context = Context(plan, repacked=layout == "repacked")
    opened = time.perf_counter() - start
    print("ready", flush=True)
    steps = []
    for requests in plan["steps"]:
        start = time.perf_counter()
        answers = answer(context, requests)
        steps.append({"wall_s": time.perf_counter() - start, "answers": answers})
    print(json.dumps({"open_s": opened, "steps": steps}))


if __name__ == "__main__":
    main()
