"""The seven tasks with which GPT4All compared models, and what it published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PUBLISHED = Path(__file__).with_name("published.json")


@dataclass(frozen=True)
class SevenTask:
    """One of them. label: as the published table calls it. metric: which of lm-eval's the table shows."""

    label: str
    metric: str


SEVEN: Mapping[str, SevenTask] = {
    "boolq": SevenTask("BoolQ", "acc"),
    "piqa": SevenTask("PIQA", "acc_norm"),
    "hellaswag": SevenTask("HellaSwag", "acc_norm"),
    "winogrande": SevenTask("WinoGrande", "acc"),
    "arc_easy": SevenTask("ARC-e", "acc_norm"),
    "arc_challenge": SevenTask("ARC-c", "acc_norm"),
    "openbookqa": SevenTask("OBQA", "acc_norm"),
}

SEVEN_TASKS = tuple(SEVEN)
"""lm-eval's names of the seven tasks, in the order of the published table."""


def published() -> dict[str, dict[str, float]]:
    """The accuracies, in per cent, that the GPT4All project published: for each model, of each task by lm-eval's name,
    and their `average`."""
    table: dict[str, dict[str, float]] = json.loads(_PUBLISHED.read_text(encoding="utf-8"))["models"]
    return table
