"""How models with weights of each type are measured, with contenders that measure nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import limits
import pytest
import tables
from contenders import Contender, Plan, Run, RunFailed
from weights import CHATS, DECODE, DEFAULT_MODEL, LONG, N_CHATS, N_DECODE, N_PROMPT, PROMPT, Found, Weights, measure

PATH = Path("noise.gguf")


class Steady(Contender):
    """Reads and decodes as fast as it is told to."""

    def __init__(self, prompt: float, decode: float) -> None:
        super().__init__("steady")
        self._prompt, self._decode = prompt, decode
        self.plans: list[Plan] = []

    def run(self, plan: Plan) -> Run:
        self.plans.append(plan)
        steps = []
        for requests in plan.steps:
            read = sum(len(request["prompt"]) for request in requests) / self._prompt
            last = read + (requests[0]["max_tokens"] - 1) / self._decode
            one = {"first_s": read, "last_s": last, "tokens": requests[0]["max_tokens"], "cached": 0}
            steps.append({"wall_s": last, "answers": [one for _ in requests]})
        return Run(0, 0, 0, steps)


def weights(**options: object) -> Weights:
    defaults: dict[str, object] = {
        "modules": {"AVX2": "haswell"}, "library": Path("ours"), "llama_cpp": Path("theirs"),
        "model": Path("smol.gguf"), "story": [5, 6, 7], "folder": Path("noise"), "threads": 2,
    }  # fmt: skip
    return Weights(**{**defaults, **options})  # type: ignore[arg-type]


def test_what_takes_long_is_measured_for_few_files_unless_it_is_asked_for() -> None:
    assert weights().tests_of("Q4_0") == [PROMPT, DECODE]
    assert weights().tests_of("Q8_0") == [PROMPT, DECODE, CHATS]
    assert weights().tests_of(DEFAULT_MODEL) == [PROMPT, DECODE, LONG, CHATS]
    assert weights(tests=[LONG]).tests_of("Q4_0") == [LONG]


def test_rates_are_tokens_for_a_second() -> None:
    contender = Steady(prompt=200, decode=20)
    rates = weights()._of(contender, PATH, [PROMPT, DECODE, LONG, CHATS])
    assert {name: rates[name] for name in (PROMPT, DECODE, LONG)} == pytest.approx({PROMPT: 200, DECODE: 20, LONG: 200})
    assert rates[CHATS] == pytest.approx(8 * 32 / (8 * 64 / 200 + 31 / 20))
    short, _, chats = contender.plans
    prompts = [tuple(step[0]["prompt"]) for step in short.steps[1:3]]
    assert len(set(prompts)) == 2
    assert {len(prompt) for prompt in prompts} == {N_PROMPT}
    assert short.steps[-1][0]["max_tokens"] == N_DECODE
    assert short.options["n_parallel"] == 1
    assert chats.options["n_parallel"] == len(chats.steps[1]) == N_CHATS


def test_the_default_model_goes_on_with_a_story() -> None:
    contender = Steady(200, 20)
    weights()._of(contender, Path("smol.gguf"), [DECODE])
    assert contender.plans[0].steps[-1][0]["prompt"] == [5, 6, 7]


def test_the_better_of_two_ways_counts_and_only_that_does_what_takes_long() -> None:
    one, other = Steady(prompt=200, decode=20), Steady(prompt=300, decode=10)
    rates = weights()._of_faster([one, other], PATH, [PROMPT, DECODE, LONG])
    assert rates == pytest.approx({PROMPT: 300, DECODE: 20, LONG: 300})
    assert (len(one.plans), len(other.plans)) == (1, 2)


def test_contenders_begin_in_turn_and_a_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_path: Path, _tests: Sequence[str]) -> dict[str, float]:
        raise RunFailed("it ended with 1")

    contenders = {
        tables.C_API: lambda _path, _tests: {PROMPT: 100.0, DECODE: 10.0},
        tables.BENCH: failing,
        tables.SERVER: lambda _path, _tests: {},
    }
    monkeypatch.setattr(Weights, "contenders", lambda *_: contenders)
    monkeypatch.setattr(limits, "work_of", lambda _: limits.Work(450, 700, 100))
    monkeypatch.setattr(
        Weights, "allowed", lambda *_: {**dict.fromkeys((PROMPT, DECODE, LONG, CHATS), 200.0), "read_bandwidth": 20.0}
    )
    chosen = weights(types=["Q4_0"], tests=[PROMPT])
    first, second = (list(measure(chosen, {"Q4_0": PATH}, number)) for number in range(2))
    limit = [
        Found("AVX2", "", tables.LIMIT, {"read_bandwidth": 20.0}),
        Found("AVX2", "Q4_0", tables.LIMIT, {PROMPT: 200.0}),
    ]
    ours = Found("AVX2", "Q4_0", tables.C_API, {PROMPT: 100.0})
    theirs = Found("AVX2", "Q4_0", tables.BENCH, {}, "it ended with 1")
    assert first == [*limit, ours, theirs]
    assert second == [*limit, theirs, ours]
    assert ours.measures() == {"AVX2 prompt Q4_0": 100.0}
    assert limit[0].measures() == {"AVX2 read_bandwidth": 20.0}
