"""A peer's binaries and ours in one process: whether each still gives its answer, and how fast it decodes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contenders import Plan, RunFailed, Worker


@dataclass(frozen=True)
class Pair:
    """Two contenders that a program can run in one process.

    command: the program, which takes what stands for each contender, in the order in which they are to be loaded.
    stands_for: by contender; ours first.
    """

    command: Sequence[str]
    stands_for: Mapping[str, str]

    def arrangements(self) -> list[tuple[str, ...]]:
        """Each alone, and both in either order."""
        one, other = self.stands_for
        return [(one,), (other,), (one, other), (other, one)]

    def run(self, names: Sequence[str], plan: Plan) -> dict[str, tuple[float, str]]:
        """The speed of each, in tokens per second, and its answer. The plan's first step warms up."""
        worker = Worker(" beside ".join(names), [*self.command, *(self.stands_for[name] for name in names)])
        steps = [step["answers"] for step in worker.run(plan).steps[1:]]
        found = {}
        for number, name in enumerate(names):
            answers = [answers[number] for answers in steps]
            texts = sorted({answer["text"] for answer in answers})
            if len(texts) != 1:
                raise RunFailed(f"{worker.name}: {name} gives different answers to one request: {texts}")
            found[name] = (statistics.median(decode_rate(answer) for answer in answers), texts[0])
        return found


def decode_rate(answer: Mapping[str, Any]) -> float:
    """Tokens per second after the first, by the clock of the consumer."""
    return float((answer["tokens"] - 1) / (answer["last_s"] - answer["first_s"]))


def one_round(pair: Pair, plan: Plan, number: int) -> Iterator[tuple[str, dict[str, float]]]:
    """A contender and its values, by arrangement: "alone", "first" or "second" in the process. Raises RunFailed."""
    found: dict[tuple[str, ...], dict[str, tuple[float, str]]] = {}
    arrangements = pair.arrangements()
    turn = number % len(arrangements)
    for names in arrangements[turn:] + arrangements[:turn]:
        found[names] = pair.run(names, plan)
    for name in pair.stands_for:
        speed, right = found[(name,)][name]
        measures = {"alone": speed}
        for names in arrangements[2:]:
            speed, answer = found[names][name]
            if answer != right:
                raise RunFailed(f"{' beside '.join(names)}: {name} answers {answer!r}, and {right!r} when alone")
            measures["first" if names[0] == name else "second"] = speed
        yield name, measures
