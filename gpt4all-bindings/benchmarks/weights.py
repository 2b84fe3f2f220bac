"""Weights of each type: how fast a prompt, a long one, one answer and eight of them are, with each set of instructions.

The model is of noise, and large enough that no cache holds it; the default model is measured as well.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import limits
import noise
import tables
from beside import decode_rate
from contenders import HERE, Contender, LlamaBench, LlamaServer, Plan, RunFailed, Worker
from instruction_sets import SETS, programs_with

PROMPT, DECODE, LONG, CHATS = "prompt", "decode", "long", "chats"
TESTS = (PROMPT, DECODE, LONG, CHATS)
DEFAULT_MODEL = "default model"
N_PROMPT, N_LONG, N_DECODE, N_BATCH = 256, 4096, 32, 512
REPEATS = 2  # in one process, but for long prompts
N_CHATS, N_CHAT_PROMPT, N_CHAT_ANSWER = 8, 64, 32

# What takes most of the time is measured for few files, unless it is asked for by name.
FEW = {LONG: ("Q4_K_M", DEFAULT_MODEL), CHATS: ("Q4_K_M", "Q8_0", DEFAULT_MODEL)}

Rates = dict[str, float]  # tokens for a second, by test
Measure = Callable[[Path, Sequence[str]], Rates]


@dataclass
class Weights:
    """What is measured, and with what.

    modules: each set of instructions with its CPU module; the first folder has the library with all of them, the second
    llama.cpp's programs.
    ik_llama_cpp, llama_cpp_python: by set of instructions, a Python that has it as it is built for that.
    """

    modules: Mapping[str, str]
    library: Path
    llama_cpp: Path
    model: Path  # the default one
    story: Sequence[int]  # tokens that it goes on with for long
    folder: Path
    threads: int
    types: Sequence[str] = (*noise.TYPES, DEFAULT_MODEL)
    tests: Sequence[str] = ()
    ik_llama_cpp: Mapping[str, str] = field(default_factory=dict)
    llama_cpp_python: Mapping[str, str] = field(default_factory=dict)
    random: random.Random = field(default_factory=lambda: random.Random(20))

    def tests_of(self, name: str) -> Sequence[str]:
        """What is measured with a file."""
        return self.tests or [test for test in TESTS if name in FEW.get(test, (name,))]

    def files(self) -> dict[str, Path]:
        """The model's file of each type. Raises noise.NoRoom."""
        made = noise.ensure(self.folder, [name for name in self.types if name != DEFAULT_MODEL])
        return {**made, DEFAULT_MODEL: self.model}

    def noise(self, count: int) -> list[int]:
        """Ordinary tokens that every model here has."""
        return [self.random.randrange(1000, noise.N_VOCAB * 9 // 10) for _ in range(count)]

    def plan(self, path: Path, n_ctx: int, steps: Sequence[Sequence[tuple[Sequence[int], int]]]) -> Plan:
        """steps: requests, by their prompts and the lengths of their answers."""
        options = {
            "n_ctx": n_ctx, "n_batch": N_BATCH, "n_ubatch": N_BATCH, "threads": self.threads, "cache_disk_mib": 0,
            "n_parallel": max(map(len, steps), default=1), "flash_attn": "on",
        }  # fmt: skip

        def request(prompt: Sequence[int], answer: int) -> dict[str, Any]:
            return {
                "prompt": prompt, "max_tokens": answer, "temperature": 0.0, "ignore_eos": True, "cache_prompt": False,
            }  # fmt: skip

        return Plan(path, options, [[request(*each) for each in requests] for requests in steps])

    def contenders(self, name: str) -> dict[str, Measure]:
        """Who is measured with a set of instructions, and how."""
        module, client = self.modules[name], str(self.library / "llmodel_bench")
        theirs = programs_with(module, self.llama_cpp)
        library = Worker(tables.C_API, [client], environment={"GPT4ALL_CPU_MODULE": module})
        found = {
            tables.C_API: lambda path, tests: self._of(library, path, tests),
            tables.BENCH: lambda path, tests: self._of_bench(LlamaBench(theirs / "llama-bench"), path, tests),
            tables.SERVER: lambda path, tests: self._of(
                LlamaServer(theirs / "llama-server", [client]), path, [test for test in tests if test == CHATS]
            ),
        }
        if name in self.ik_llama_cpp:
            both = [
                Worker(tables.IK, [self.ik_llama_cpp[name], str(HERE / "worker_ik_llama_cpp.py"), layout])
                for layout in ("as-is", "repacked")
            ]
            found[tables.IK] = lambda path, tests: self._of_faster(both, path, tests)
        if name in self.llama_cpp_python:
            command = [self.llama_cpp_python[name], str(HERE / "worker_llama_cpp_python.py")]
            worker = Worker(tables.LCP, command, parallel=False)
            found[tables.LCP] = lambda path, tests: self._of(worker, path, tests)
        return found

    def _of(self, contender: Contender, path: Path, tests: Sequence[str]) -> Rates:
        rates, short = {}, self.story if path == self.model else self.noise(8)
        warm_up = [(self.noise(N_PROMPT // 8), 4)]
        if {PROMPT, DECODE} & set(tests):
            prompts = [[(self.noise(N_PROMPT), 1)] for _ in range(REPEATS)]
            answers = [[(short, N_DECODE)]] * REPEATS
            run = contender.run(self.plan(path, 2 * N_BATCH, [warm_up, *prompts, *answers]))
            steps = range(1, REPEATS + 1)
            rates[PROMPT] = statistics.mean(N_PROMPT / run.answer(step)["first_s"] for step in steps)
            rates[DECODE] = statistics.mean(decode_rate(run.answer(REPEATS + step)) for step in steps)
        if LONG in tests:
            run = contender.run(self.plan(path, N_LONG + N_BATCH, [warm_up, [(self.noise(N_LONG), 1)]]))
            rates[LONG] = N_LONG / run.answer(1)["first_s"]
        if CHATS in tests and contender.parallel:
            chats = [(self.noise(N_CHAT_PROMPT), N_CHAT_ANSWER) for _ in range(N_CHATS)]
            run = contender.run(self.plan(path, 2 * N_BATCH * N_CHATS, [warm_up, chats]))
            rates[CHATS] = sum(answer["tokens"] for answer in run.steps[1]["answers"]) / run.steps[1]["wall_s"]
        return rates

    def _of_faster(self, ways: Sequence[Contender], path: Path, tests: Sequence[str]) -> Rates:
        """The best of several ways to do the same; what takes long is done by the one that is faster at a prompt."""
        long = [test for test in tests if test in FEW]
        rates = [self._of(way, path, [PROMPT, DECODE]) for way in ways]
        best = max(range(len(ways)), key=lambda number: rates[number][PROMPT])
        return {test: max(each[test] for each in rates) for test in rates[0]} | self._of(ways[best], path, long)

    def _of_bench(self, bench: LlamaBench, path: Path, tests: Sequence[str]) -> Rates:
        rates: Rates = {}
        plan = self.plan(path, 2 * N_BATCH, [])
        if {PROMPT, DECODE} & set(tests):
            found, _ = bench.run(plan, N_PROMPT, N_DECODE, repetitions=REPEATS)
            rates |= {PROMPT: found["prefill"], DECODE: found["decode"]}
        if LONG in tests:
            rates[LONG] = bench.run(plan, N_LONG, 0, warmup=False)[0]["prefill"]
        return rates

    def allowed(self, name: str, work: limits.Work) -> Rates:
        """What the machine allows with a set of instructions, measured now."""
        command = [str(self.library / SETS[name].limits), str(self.threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        measured = json.loads(done.stdout)
        machine = limits.Machine(measured["read_bandwidth"], measured["peak_products_per_ns"])
        return {
            PROMPT: machine.prompt(work, N_PROMPT), LONG: machine.prompt(work, N_LONG), DECODE: machine.decode(work),
            CHATS: machine.chats(work, N_CHATS, N_CHAT_PROMPT, N_CHAT_ANSWER), **measured,
        }  # fmt: skip


@dataclass
class Found:
    """A contender's rates with a file and a set of instructions, or why there are none.

    type: of the file; empty if the rates are those of the machine itself.
    """

    set: str
    type: str
    contender: str
    rates: Rates
    failure: str = ""

    def measures(self) -> Rates:
        """By the names that results.json has for them."""
        return {f"{self.set} {test} {self.type}".strip(): rate for test, rate in self.rates.items()}


def measure(weights: Weights, paths: Mapping[str, Path], number: int) -> Iterator[Found]:
    """One round. paths: of the files. number: of the round; who begins depends on it."""
    for place, name in enumerate(weights.types):
        work = limits.work_of(paths[name])
        for of_set in weights.modules:
            tests = weights.tests_of(name)
            allowed = weights.allowed(of_set, work)
            machine = {key: allowed.pop(key) for key in tuple(allowed) if key not in TESTS}
            yield Found(of_set, "", tables.LIMIT, machine)
            yield Found(of_set, name, tables.LIMIT, {test: allowed[test] for test in tests})
            contenders = list(weights.contenders(of_set).items())
            turn = (number + place) % len(contenders)
            for contender, run in contenders[turn:] + contenders[:turn]:
                try:
                    rates = run(paths[name], tests)
                except RunFailed as failure:
                    yield Found(of_set, name, contender, {}, str(failure))
                    continue
                if asked := {test: rate for test, rate in rates.items() if test in tests}:
                    yield Found(of_set, name, contender, asked)


def show(found: Found) -> None:
    """A line for people who wait."""
    rates = ", ".join(f"{measure} {rate:.1f}" for measure, rate in found.measures().items())
    print(f"      {found.contender}: {rates or found.failure}", file=sys.stderr, flush=True)
