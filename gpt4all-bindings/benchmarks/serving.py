"""Chats that many clients have with a server at once: what is asked, and what is read from the answers."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contenders import Contender, Plan

CLIENTS = (1, 8, 32)
KINDS = ("unshared", "shared")

# Answers of each client, one after the other: few where there are many, so that a round takes minutes.
ANSWERS = {1: 6, 8: 3, 32: 2}
N_ANSWER = 48

# What a chat takes is well below n_ctx / n_parallel, so that nobody waits for room.
N_CTX, N_PARALLEL = 16384, 32
OWN_WORDS, SHARED_WORDS = 40, 200

WORDS = (
    "apple river stone cloud window garden bridge candle forest mirror silver winter summer market basket teacher "
    "doctor sailor painter farmer baker singer writer mountain valley harbour island village castle kitchen "
    "library station engine wheel hammer ladder pocket letter paper pencil copper iron cotton leather feather "
    "pepper honey butter orange lemon cherry walnut carrot potato onion tiger rabbit horse falcon spider turtle"
).split()


def clients(model: str, kind: str, count: int, seed: int) -> list[dict[str, Any]]:
    """What so many clients ask, as worker_http.py reads it. With the same seed it is the same.

    kind: "shared" if all begin with the same text, that of a system's message; "unshared" if all begin differently.
    """
    dice = random.Random(f"{kind} {count} {seed}")

    def text(length: int) -> str:
        return " ".join(dice.choice(WORDS) for _ in range(length))

    together = text(SHARED_WORDS)

    def body() -> dict[str, Any]:
        first, own = (together, text(OWN_WORDS // 4)) if kind == "shared" else (text(OWN_WORDS), text(4))
        return {
            "model": model, "max_tokens": N_ANSWER, "temperature": 0, "ignore_eos": True,
            "messages": [
                {"role": "system", "content": f"{first}."},
                {"role": "user", "content": f"Tell me a long story of {own}."},
            ],
        }  # fmt: skip

    return [{"bodies": [body() for _ in range(ANSWERS[count])]} for _ in range(count)]


def measure_server(server: Contender, plan: Plan) -> dict[str, float]:
    """Tokens per second, and the median and 95th percentile of seconds to the first token, for each kind and number of
    clients. Raises RunFailed."""
    found = {}
    run = server.run(plan)
    names = [f"{kind} {count}" for kind in KINDS for count in CLIENTS]
    for name, step in zip(names, run.steps[1:], strict=True):
        waits = sorted(answer["first_s"] for answer in step["answers"])
        found[f"{name} total"] = sum(answer["tokens"] for answer in step["answers"]) / step["wall_s"]
        found[f"{name} p50"] = statistics.median(waits)
        found[f"{name} p95"] = quantile(waits, 0.95)
    return found


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that so large a share of them does not exceed, between two of them by straight line."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def plan_of(model: Path, options: dict[str, Any], seed: int) -> Plan:
    """A short answer that warms up, then a step for each kind and number of clients."""
    warm_up = clients(model.name, "unshared", 1, -1)
    return Plan(
        model, options, [warm_up, *(clients(model.name, kind, count, seed) for kind in KINDS for count in CLIENTS)]
    )
