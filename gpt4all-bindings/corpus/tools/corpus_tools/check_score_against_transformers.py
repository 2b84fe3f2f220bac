"""Compares what score gives with an independent implementation, HF transformers, on the same F32 weights.

The tiny LLaMA of the corpus is read with the `gguf` package into a transformers LlamaForCausalLM, which runs it on the
CPU in float32. Every log-likelihood, every token's log-probability, the greedy flags and whole rows of
log-probabilities must agree within the tolerance. The numbers are written to results/score_against_transformers.json.

Needs torch, transformers, gguf and the gpt4all package, whose library GPT4ALL_LIBRARY may name.

Usage: python -m corpus_tools.check_score_against_transformers [--model FILE] [--date YYYY-MM-DD] [--tolerance 1e-3]
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import transformers
from gpt4all import GPT4All, build_info

from .independent.model_files import ModelFile, path_of
from .independent.torch_engine import llama
from .places import RESULTS

FOUND = RESULTS / "score_against_transformers.json"


def load_reference(path: Path) -> transformers.LlamaForCausalLM:
    """The weights of a LLaMA GGUF, all of them F32, as a transformers model."""
    file = ModelFile(path)
    if any(tensor.tensor_type != gguf.GGMLQuantizationType.F32 for tensor in file.reader.tensors):
        raise SystemExit(f"{path}: not all tensors are F32, so the two would not have the same weights")
    return llama(file, file.weights)


@dataclass
class Comparison:
    """The largest differences seen, in nats, and how much was compared."""

    logprob: float = 0.0
    token_logprob: float = 0.0
    row: float = 0.0
    continuations: int = 0
    tokens: int = 0
    rows: int = 0
    wrong: list[str] = field(default_factory=list)

    def worst(self) -> float:
        return max(self.logprob, self.token_logprob, self.row)


def reference_rows(model: transformers.LlamaForCausalLM, tokens: list[int]) -> np.ndarray[Any, Any]:
    """Log-probabilities after each token, float64, of the shape (tokens, vocabulary)."""
    with torch.inference_mode():
        logits = model(torch.tensor([tokens])).logits[0]
    rows: np.ndarray[Any, Any] = torch.log_softmax(logits.double(), dim=-1).numpy()
    return rows


def compare(
    ours: GPT4All,
    theirs: transformers.LlamaForCausalLM,
    context: str | list[int],
    continuations: list[str] | list[list[int]],
    seen: Comparison,
) -> None:
    """Scores with both and notes the differences."""
    scores = ours.score(context, continuations, logprob_rows="all")
    context_tokens: list[int] = scores.raw["context_tokens"]
    all_rows = []
    for index, score in enumerate(scores.raw["continuations"]):
        rows = reference_rows(theirs, context_tokens + score["tokens"])
        all_rows.append(rows)
        predictions = rows[len(context_tokens) - 1 : -1]
        expected = predictions[np.arange(len(score["tokens"])), score["tokens"]]
        seen.token_logprob = max(seen.token_logprob, float(np.abs(expected - score["token_logprobs"]).max()))
        seen.logprob = max(seen.logprob, abs(float(expected.sum()) - score["logprob"]))
        greedy = bool((predictions.argmax(axis=-1) == np.array(score["tokens"])).all())
        if greedy != score["greedy"]:
            seen.wrong.append(f"continuation {index} after {context!r}: greedy is {score['greedy']}, expected {greedy}")
        seen.continuations += 1
        seen.tokens += len(score["tokens"])
    for row in scores.rows:
        expected = all_rows[max(row.continuation, 0)][row.position]
        seen.row = max(seen.row, float(np.abs(expected - np.array(row.logprobs)).max()))
        seen.rows += 1


def cases(theirs: transformers.LlamaForCausalLM) -> list[tuple[Any, Any]]:
    """Contexts and continuations: text and ids, short, long, many at once, and greedy ones."""
    random = np.random.RandomState(7)
    vocabulary = theirs.config.vocab_size

    def ids(count: int) -> list[int]:
        return [int(token) for token in random.randint(3, vocabulary, count)]

    prompt = ids(20)
    greedy = list(prompt)
    for _ in range(6):
        greedy.append(int(reference_rows(theirs, greedy)[-1].argmax()))
    shared = ids(5)
    return [
        ("The capital of France is", [" Paris", " London", " red and green", " not a city that I know"]),
        ("", ["hello world", "the cat and the dog"]),
        ("Question: what is water?\nAnswer: ", ["water is water", "it is not oil"]),
        (prompt, [greedy[20:], greedy[20:23] + ids(3), ids(1)]),
        (ids(300), [shared + ids(count) for count in (1, 2, 3, 50)]),
        (ids(700), [ids(900)]),
        (ids(60), [ids(1 + index % 40) for index in range(100)]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=path_of("tiny-llama-f32"))
    parser.add_argument("--date", default=datetime.datetime.now(datetime.timezone.utc).date().isoformat())
    parser.add_argument("--tolerance", type=float, default=1e-3, help="in nats (default: 1e-3)")
    arguments = parser.parse_args()

    theirs = load_reference(arguments.model)
    seen = Comparison()
    with GPT4All(arguments.model) as ours:
        for context, continuations in cases(theirs):
            compare(ours, theirs, context, continuations, seen)

    ok = not seen.wrong and seen.worst() <= arguments.tolerance
    print(f"compared {seen.continuations} continuations, {seen.tokens} tokens, {seen.rows} rows with transformers")
    print(
        f"largest difference, in nats: log-likelihood {seen.logprob:.2e}, token {seen.token_logprob:.2e}, "
        f"row {seen.row:.2e}; tolerance {arguments.tolerance:.0e}"
    )
    print("\n".join(seen.wrong), end="\n" if seen.wrong else "")
    result = {
        "date": arguments.date,
        "model": arguments.model.name,
        "model_sha256": hashlib.sha256(arguments.model.read_bytes()).hexdigest(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "gguf": importlib.metadata.version("gguf"),
            "numpy": np.__version__,
            "llmodel": build_info()["version"],
        },
        "compared": {"continuations": seen.continuations, "tokens": seen.tokens, "rows": seen.rows},
        "largest_difference_nats": {
            "log_likelihood": seen.logprob,
            "token_logprob": seen.token_logprob,
            "row": seen.row,
        },
        "wrong_greedy_flags": seen.wrong,
        "tolerance_nats": arguments.tolerance,
        "agrees": ok,
    }
    FOUND.parent.mkdir(exist_ok=True)
    FOUND.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
