"""Questions of made-up tokens, as long as those of the seven tasks by which the paper of GPT4All compares models."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
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


WORDS = (
    "the of and to in is that it was for on are with as his they at be this from have or by one had not but what all "
    "were when we there can an your which their said if do will each about how up out them then she many some so these "
    "would other into has more her two like him see time could no make than first been its who now people my made over "
    "did down only way find use may water long little very after words called just where most know get through back"
).split()


def pairs(count: int, dice: random.Random) -> Iterator[tuple[str, str]]:
    """Contexts and continuations of all tasks as text, `count` questions of each: a word is about a token."""

    def text(words: int) -> str:
        return " ".join(dice.choice(WORDS) for _ in range(words))

    for shape in TASKS.values():
        for _ in range(count):
            context = text(shape.context)
            for _ in range(shape.choices):
                varied = f" {text(shape.varied)}" if shape.varied else ""
                yield context + varied, f" {text(shape.choice)}"
