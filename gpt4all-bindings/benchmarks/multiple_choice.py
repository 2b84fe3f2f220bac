"""Questions of made-up tokens, as long as those of the seven tasks by which the paper of GPT4All compares models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """How many tokens a task's questions have on average.

    varied: tokens at the end of the context that differ from choice to choice, whose continuation is then the same.
    """

    context: int
    choices: int
    choice: int
    varied: int = 0


TASKS = {
    "BoolQ": Shape(145, 2, 1),
    "PIQA": Shape(16, 2, 22),
    "HellaSwag": Shape(52, 4, 27),
    "WinoGrande": Shape(18, 2, 6, varied=2),
    "ARC-e": Shape(29, 4, 5),
    "ARC-c": Shape(33, 4, 7),
    "OBQA": Shape(13, 4, 4),
}


def inputs(shape: Shape, count: int, noise: Callable[[int], list[int]]) -> list[dict[str, Any]]:
    """A task's questions as `score_batch` takes them; lengths differ by up to a half, and are the same every time."""
    found = []
    for number in range(count):
        longer = 0.5 + (number * 7 % 11) / 10
        context = noise(max(2, round(shape.context * longer)))
        length = max(1, round(shape.choice * longer))
        if shape.varied:
            end = noise(length)
            contexts = [context + noise(shape.varied) for _ in range(shape.choices)]
            found += [{"context": each, "continuations": [end]} for each in contexts]
        else:
            found.append({"context": context, "continuations": [noise(length) for _ in range(shape.choices)]})
    return found
