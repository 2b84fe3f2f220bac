"""What is measured: each question is asked of every contender in turn, round after round."""

from __future__ import annotations

import itertools
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import multiple_choice
import noise
import opened_again
import tables
import weights as by_type
from beside import Pair, decode_rate, one_round
from contenders import Contender, LlamaBench, Plan, RunFailed, Worker, busy_neighbours
from schemas import cases, decoded
from servers import LlamaCppPythonServer
from serving import N_CTX, N_PARALLEL, measure_server, plan_of

N_PROMPT, N_GEN = 512, 128
N_PREFIX, N_TAIL = 1000, 16
N_CHATS = 8
NEIGHBOURS = (0, 1, 2)

# Ratios near 1 need more pairs than rounds: a run of a second differs by a tenth from the next.
DECODE_REPEATS, PARALLEL_REPEATS = 4, 2

# Many short runs of each way to read: what disturbs the machine for seconds then disturbs all that are compared.
STREAM_REPEATS, N_STREAMED, N_STREAMED_OF_EIGHT = 10, 128, 48

# The same, for contenders that take turns in one process.
BESIDE_REPEATS, N_BESIDE = 8, 48

SCHEMA_REPEATS = 5
CONSTRAINED_REPEATS = 4

N_QUESTIONS = 60
N_HARNESS = 2  # of each task: llama-cpp-python's server takes seconds for one
WEIGHTS_ROUNDS = 2  # a round takes about 20 minutes on two cores

ASKED = (
    "Why is the sky blue?", "How does a bicycle stay upright?", "What is the difference between fog and mist?",
    "Tell me about the history of paper.", "How do bees make honey?", "What makes bread rise?",
    "Why do leaves change colour in autumn?", "How is glass made?",
)  # fmt: skip

Values = dict[str, dict[str, list[float]]]  # measure -> contender -> one value per round


@dataclass
class Settings:
    """What all contenders share."""

    model: Path
    binaries: Path
    threads: int
    rounds: int
    n_gen: int
    n_vocab: int
    story: list[int]  # token ids of a beginning that the model goes on with in plain text
    stream_workers: Mapping[str, Sequence[str]]  # for each language, the command that reads streams in it
    pairs: Sequence[Pair]  # who can be loaded into one process
    servers: Sequence[Contender] = ()  # those that are compared under load
    llguidance: str = ""  # a Python that has it
    llama_cpp_python: str = ""  # another
    lm_eval: str = ""  # another
    weights: by_type.Weights | None = None
    noise_folder: Path | None = None  # where models of noise are kept
    llama_cpp: Path | None = None  # the folder with what has ggml's kernels
    random: random.Random = field(default_factory=lambda: random.Random(20))

    def options(self, n_ctx: int, n_parallel: int = 1) -> dict[str, Any]:
        """llmodel_open()'s options. Nothing is kept on the disk, whose writing would disturb what is measured."""
        return {
            "n_ctx": n_ctx, "n_batch": N_PROMPT, "n_ubatch": N_PROMPT, "threads": self.threads,
            "n_parallel": n_parallel, "flash_attn": "on", "cache_disk_mib": 0,
        }  # fmt: skip

    def noise(self, count: int) -> list[int]:
        """Ordinary tokens that no cache can know."""
        low = min(1000, self.n_vocab // 10)
        return [self.random.randrange(low, self.n_vocab * 9 // 10) for _ in range(count)]


def request(max_tokens: int, *, cached: bool = False, **what: Any) -> dict[str, Any]:
    """A request as the C API and llama-server take it: greedy, of a fixed length."""
    return {**what, "max_tokens": max_tokens, "temperature": 0.0, "ignore_eos": True, "cache_prompt": cached}


class Recorder:
    """Keeps values by measure and contender, a value per round, and why a contender was given up."""

    def __init__(self) -> None:
        self.values: Values = {}
        self.failures: dict[str, str] = {}

    def add(self, name: str, measures: dict[str, float]) -> None:
        for measure, value in measures.items():
            self.values.setdefault(measure, {}).setdefault(name, []).append(value)

    def results(self, beginning: str = "") -> dict[str, Any]:
        """What results.json holds; of the measures that begin so."""
        values = {name: each for name, each in self.values.items() if name.startswith(beginning)}
        return {"values": values, "failures": self.failures}


Measure = Callable[[], "dict[str, float]"]


def rounds(
    settings: Settings, recorder: Recorder, measures: Sequence[tuple[str, Measure]], repeats: int = 1
) -> Iterator[int]:
    """Runs every measure `repeats` times a round, in turn, beginning with another one each time."""
    measures = list(measures)
    for number in range(settings.rounds * repeats):
        turn = number % len(measures)
        for name, measure in measures[turn:] + measures[:turn]:
            if name in recorder.failures:
                continue
            try:
                recorder.add(name, measure())
            except RunFailed as failure:
                recorder.failures[name] = str(failure)
                print(f"      {failure}", file=sys.stderr)
        if (number + 1) % repeats == 0:
            yield number // repeats


def prefill(
    settings: Settings, contenders: Sequence[Contender], bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Prefill of one stream, and the memory that it and decoding took."""
    options = settings.options(2 * N_PROMPT)

    def plan() -> Plan:
        warm_up = request(1, prompt=settings.noise(N_PROMPT))
        new = request(1, prompt=settings.noise(N_PROMPT))
        return Plan(settings.model, options, [[warm_up], [new], [request(settings.n_gen, prompt=settings.story)]])

    def of(contender: Contender) -> Measure:
        def measure() -> dict[str, float]:
            run = contender.run(plan())
            if run.answer(1)["cached"]:
                raise RunFailed(f"{contender.name} reused a prompt that it was to compute")
            return {"prefill": N_PROMPT / run.answer(1)["first_s"], "rss": run.peak_rss}

        return measure

    def theirs() -> dict[str, float]:
        rates, run = bench.run(plan(), N_PROMPT, settings.n_gen)
        return {"prefill": rates["prefill"], "rss": run.peak_rss}

    return rounds(settings, recorder, [(bench.name, theirs), *((c.name, of(c)) for c in contenders)])


def decode_only(
    settings: Settings, contenders: Sequence[Contender], bench: LlamaBench
) -> list[tuple[str, Callable[[], float]]]:
    """How each decodes one stream after a short prompt, in tokens per second."""
    warm_up, decode = request(4, prompt=settings.noise(8)), request(settings.n_gen, prompt=settings.story)
    plan = Plan(settings.model, settings.options(2 * N_PROMPT), [[warm_up], [decode]])

    def of(contender: Contender) -> Callable[[], float]:
        return lambda: decode_rate(contender.run(plan).answer(1))

    def theirs() -> float:
        return bench.run(plan, 0, settings.n_gen)[0]["decode"]

    return [(bench.name, theirs), *((contender.name, of(contender)) for contender in contenders)]


def decode(settings: Settings, contenders: Sequence[Contender], bench: LlamaBench, recorder: Recorder) -> Iterator[int]:
    """Decoding of one stream, several times in each round."""

    def measure(one: Callable[[], float]) -> Measure:
        return lambda: {"decode": one()}

    measures = [(name, measure(one)) for name, one in decode_only(settings, contenders, bench)]
    return rounds(settings, recorder, measures, DECODE_REPEATS)


def neighbours(
    settings: Settings, contenders: Sequence[Contender], bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Decode while other processes compute."""

    def all_levels(one: Callable[[], float]) -> Measure:
        def measure() -> dict[str, float]:
            values = {}
            for level in NEIGHBOURS:
                with busy_neighbours(level):
                    values[f"decode_{level}"] = one()
            return values

        return measure

    measures = [(name, all_levels(one)) for name, one in decode_only(settings, contenders, bench)]
    return rounds(settings, recorder, measures)


def parallel(
    settings: Settings, contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Several chats at once."""
    options = settings.options(4096, N_CHATS)
    chats = [request(settings.n_gen, messages=[{"role": "user", "content": text}]) for text in ASKED[:N_CHATS]]
    plan = Plan(settings.model, options, [[request(4, prompt=settings.noise(8))], chats])

    def of(contender: Contender) -> Measure:
        def measure() -> dict[str, float]:
            run = contender.run(plan)
            step = run.steps[1]
            tokens = sum(answer["tokens"] for answer in step["answers"])
            return {"total": tokens / step["wall_s"], "rss": run.peak_rss}

        return measure

    able = [contender for contender in contenders if contender.parallel]
    return rounds(settings, recorder, [(contender.name, of(contender)) for contender in able], PARALLEL_REPEATS)


def first_token(
    settings: Settings, contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """The wait for the first token after a long prefix that is new, and one that is known."""
    options = settings.options(2048)

    def of(contender: Contender) -> Measure:
        def measure() -> dict[str, float]:
            prefix = settings.noise(N_PREFIX)
            asked = [request(2, cached=True, prompt=prefix + settings.noise(N_TAIL)) for _ in range(2)]
            warm_up = request(2, prompt=settings.noise(N_PROMPT))
            run = contender.run(Plan(settings.model, options, [[warm_up], [asked[0]], [asked[1]]]))
            return {"cold": 1000 * run.answer(1)["first_s"], "warm": 1000 * run.answer(2)["first_s"]}

        return measure

    return rounds(settings, recorder, [(contender.name, of(contender)) for contender in contenders])


def load(settings: Settings, contenders: Sequence[Contender], bench: LlamaBench, recorder: Recorder) -> Iterator[int]:
    """From the start of a process until it can answer, and until it has answered with one token and ended."""
    options = settings.options(2 * N_PROMPT)
    plan = Plan(settings.model, options, [[request(1, prompt=settings.story)]])

    def of(contender: Contender) -> Measure:
        def measure() -> dict[str, float]:
            run = contender.run(plan)
            ready = {"ready": 1000 * run.ready_s}
            return ready if run.whole_s is None else {**ready, "whole": 1000 * run.whole_s}

        return measure

    def theirs() -> dict[str, float]:
        whole = bench.run(plan, 0, 1, warmup=False)[1].whole_s
        return {"whole": 1000 * (whole or 0.0)}

    return rounds(settings, recorder, [(bench.name, theirs), *((c.name, of(c)) for c in contenders)])


def loading(
    settings: Settings, contenders: Sequence[Contender], bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Opening the default model, and a larger one of noise, for the first and the second time."""
    by_name = {contender.name: contender for contender in contenders}
    asked = request(1, prompt=list(range(1000, 1016)))
    models = {"": settings.model}
    if settings.noise_folder is not None:
        try:
            models["large_"] = noise.ensure(settings.noise_folder, [tables.LARGE])[tables.LARGE]
        except noise.NoRoom as failure:
            recorder.failures["loading"] = str(failure)
    for number in range(settings.rounds):
        try:
            for size, model in models.items():
                for name, times in opened_again.one_round(
                    model, settings.options(N_PROMPT), asked, by_name[tables.C_API], by_name[tables.SERVER], bench
                ):
                    recorder.add(name, {size + measure: value for measure, value in times.items()})
        except RunFailed as failure:
            recorder.failures["loading"] = str(failure)
            return
        yield number


def streaming(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """What it costs to read streams in each language: one model, read in turn by a loop in C and in its ways."""
    library = settings.binaries / "libllmodel_bench_streams.so"
    plan = Plan(
        settings.model,
        settings.options(4096, N_CHATS),
        [
            [request(n_tokens, cached=True, messages=[{"role": "user", "content": text}]) for text in texts]
            for n_tokens, texts in ((N_STREAMED, ASKED[:1]), (N_STREAMED_OF_EIGHT, ASKED[:N_CHATS]))
        ],
    )
    workers = {
        language: Worker(f"streams in {language}", [*command, str(library), str(STREAM_REPEATS)])
        for language, command in settings.stream_workers.items()
    }
    for language in tables.WAYS.keys() - workers.keys():
        recorder.failures[f"streams in {language}"] = "what it needs is not installed"
    for number in range(settings.rounds):
        for language, worker in workers.items():
            names = {"c": tables.LOOP, **tables.WAYS[language]}
            try:
                found_in = worker.run(plan).steps
            except RunFailed as failure:
                recorder.failures[worker.name] = str(failure)
                continue
            for measure, rates in zip(("single", "eight"), found_in, strict=True):
                for way, found in rates.items():
                    for rate in found:
                        recorder.add(names[way], {f"{language} {measure}": rate})
        yield number


def beside(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Decoding of one stream, alone and beside another SDK's libraries in the same process."""
    warm_up, decode = request(4, prompt=settings.story), request(N_BESIDE, prompt=settings.story)
    plan = Plan(settings.model, settings.options(2 * N_PROMPT), [[warm_up], *([decode] for _ in range(BESIDE_REPEATS))])
    for number in range(settings.rounds):
        for pair in settings.pairs:
            both = " beside ".join(pair.stands_for)
            if both in recorder.failures:
                continue
            try:
                for name, measures in one_round(pair, plan, number):
                    recorder.add(name, measures)
            except RunFailed as failure:
                recorder.failures[both] = str(failure)
        yield number


def schemas(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """What grammars of JSON Schemas cost: to make them, and for each token."""
    asked = [case.asked() for case in cases()]
    for number in range(settings.rounds):
        request = {"model": str(settings.model), "repeats": SCHEMA_REPEATS, "schemas": asked}
        found = _answer([str(settings.binaries / "llmodel_bench_schemas")], request)
        times = {tables.OUR_GRAMMARS: found["times"]["libllmodel"], tables.CONVERTER: found["times"]["llama.cpp"]}
        if settings.llguidance:
            request |= {key: found[key] for key in ("vocab", "eos", "tokens")}
            command = [settings.llguidance, str(Path(__file__).with_name("worker_llguidance.py"))]
            times[tables.LLGUIDANCE] = _answer(command, request)
        for name, by_schema in times.items():
            for schema, measured in by_schema.items():
                if "error" in measured:
                    recorder.failures[f"{name}, {schema}"] = measured["error"]
                else:
                    recorder.add(
                        name, {f"{kind} {schema}": statistics.median(measured[kind]) for kind in ("compile", "mask")}
                    )
        yield number


def constrained(
    settings: Settings, contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Decoding of one stream that a JSON Schema binds, and of as many tokens that nothing binds, in turn."""
    ours = next(contender for contender in contenders if contender.name == tables.C_API)
    asked: dict[str, Any] = {"messages": [{"role": "user", "content": "Invent data for a test, as JSON."}]}
    free = request(settings.n_gen, **asked)
    warm_up = request(4, **asked)
    for number in range(settings.rounds):
        for name, schema in decoded().items():
            # the end of an answer would take part in free decoding only
            form = {"type": "json_schema", "json_schema": {"schema": schema}}
            bound = {**free, "response_format": form, "ignore_eos": False}
            both = [(tables.FREE, free), (tables.BOUND, bound)]
            turns = [turn for repeat in range(CONSTRAINED_REPEATS) for turn in (both if repeat % 2 else both[::-1])]
            steps = [[warm_up], [{**bound, "max_tokens": 4}], *([what] for _, what in turns)]
            run = ours.run(Plan(settings.model, settings.options(2 * N_PROMPT), steps))
            for step, (way, _) in enumerate(turns, 2):
                if (tokens := run.answer(step)["tokens"]) < settings.n_gen:
                    raise RunFailed(f"{way}, {name}: an answer of {tokens} tokens, where {settings.n_gen} are compared")
                recorder.add(way, {f"decode {name}": decode_rate(run.answer(step))})
        yield number


def products(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Products of weights with one, eight and 256 inputs, by our kernels and by the best of ggml's."""
    command = [str(settings.binaries / "llmodel_bench_products"), "--threads", str(settings.threads)]
    for number in range(settings.rounds):
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1200)
        limits, *lines = map(json.loads, done.stdout.splitlines())
        by_ggml: dict[str, float] = {}
        for line in lines:
            measure, found = f"{line['type']} {line['inputs']}", line["products_per_ns"]
            if line["way"] == "CPU_PANELS":
                recorder.add(tables.OUR_KERNELS, {measure: found})
                reading = limits["read_bandwidth"] * found / line["bytes_per_ns"]
                recorder.add(tables.LIMIT, {measure: min(reading, limits["peak_products_per_ns"] or reading)})
            else:
                by_ggml[measure] = max(found, by_ggml.get(measure, 0))
        recorder.add(tables.GGML_KERNELS, by_ggml)
        yield number


def attention(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Attention of a token and of a batch over long contexts, by our kernels and by ggml's."""
    contenders = {tables.OUR_KERNELS: settings.binaries}
    if settings.llama_cpp:
        contenders[tables.GGML_ATTENTION] = settings.llama_cpp
    for number in range(settings.rounds):
        for name, folder in sorted(contenders.items(), reverse=number % 2 == 1):
            command = [str(folder / "llmodel_bench_attention"), "--threads", str(settings.threads)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1200)
            limits, *lines = map(json.loads, done.stdout.splitlines())
            for line in lines:
                measure, found = f"{line['type']} {line['cells']} {line['queries']}", line["products_per_ns"]
                recorder.add(name, {measure: found})
                if name == tables.OUR_KERNELS:
                    reading = limits["read_bandwidth"] * found / line["bytes_per_ns"]
                    recorder.add(tables.LIMIT, {measure: min(reading, limits["peak_multiply_adds_per_ns"])})
        yield number


def weights(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Models with weights of each type, by the instructions of each kind of processor."""
    if settings.weights is None or not settings.weights.modules:
        recorder.failures["weights"] = "no CPU modules that this processor can run"
        return
    if not settings.weights.ik_llama_cpp:
        recorder.failures[tables.IK] = "not installed"
    try:
        paths = settings.weights.files()
    except noise.NoRoom as failure:
        recorder.failures["weights"] = str(failure)
        return
    for number in range(min(settings.rounds, WEIGHTS_ROUNDS)):
        for found in by_type.measure(settings.weights, paths, number):
            by_type.show(found)
            recorder.add(found.contender, found.measures())
            if found.failure:
                recorder.failures[f"{found.contender}, {found.set}, {found.type}"] = found.failure
        yield number


def scoring(
    settings: Settings, _contenders: Sequence[Contender], bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Questions with given answers, all of a task in one request, and how fast llama-bench reads a prompt."""
    ours = Worker(tables.PYTHON, [sys.executable, str(Path(__file__).with_name("worker_scores.py"))])

    def plan() -> Plan:
        warm_up = multiple_choice.inputs(multiple_choice.Shape(30, 2, 5), 20, settings.noise)
        tasks = [multiple_choice.inputs(shape, N_QUESTIONS, settings.noise) for shape in multiple_choice.TASKS.values()]
        return Plan(settings.model, settings.options(4 * N_PROMPT), [[{"inputs": each}] for each in (warm_up, *tasks)])

    def scored() -> dict[str, float]:
        steps = ours.run(plan()).steps[1:]
        tokens = [step["answers"][0]["tokens"] for step in steps]
        seconds = [step["wall_s"] for step in steps]
        rates = {name: a / b for name, a, b in zip(multiple_choice.TASKS, tokens, seconds, strict=True)}
        return {**rates, "all": sum(tokens) / sum(seconds)}

    def read() -> dict[str, float]:
        rate = bench.run(plan(), N_PROMPT, 0)[0]["prefill"]
        return dict.fromkeys((*multiple_choice.TASKS, "all"), rate)

    return rounds(settings, recorder, [(bench.name, read), (ours.name, scored)])


def harness(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """The same through lm-eval: with our class, and with its own for llama-cpp-python's server."""
    if not (settings.lm_eval and settings.llama_cpp_python):
        return iter(())
    worker = [settings.lm_eval, str(Path(__file__).with_name("worker_lm_eval.py"))]
    ours = Worker(tables.PYTHON, worker)
    theirs = LlamaCppPythonServer(settings.llama_cpp_python, worker, ["--logits_all", "True"])
    options = settings.options(2 * N_PROMPT)

    def of(contender: Contender) -> Measure:
        def measure() -> dict[str, float]:
            warm_up, asked = (list(multiple_choice.pairs(count, settings.random)) for count in (1, N_HARNESS))
            run = contender.run(Plan(settings.model, options, [[{"pairs": warm_up[:2]}], [{"pairs": asked}]]))
            return {"requests": len(asked) / run.steps[1]["wall_s"]}

        return measure

    return rounds(settings, recorder, [(each.name, of(each)) for each in (ours, theirs)])


def serving(
    settings: Settings, _contenders: Sequence[Contender], _bench: LlamaBench, recorder: Recorder
) -> Iterator[int]:
    """Chats that many clients have with a server at once. In a round, all servers are asked the same."""
    options = settings.options(N_CTX, N_PARALLEL)
    seeds = {server.name: itertools.count() for server in settings.servers}

    def of(server: Contender) -> Measure:
        return lambda: measure_server(server, plan_of(settings.model, options, next(seeds[server.name])))

    return rounds(settings, recorder, [(server.name, of(server)) for server in settings.servers])


def _answer(command: Sequence[str], request: Any) -> Any:
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=True, timeout=600)
    return json.loads(done.stdout)


Question = Callable[[Settings, Sequence[Contender], LlamaBench, Recorder], "Iterator[int]"]
QUESTIONS: dict[str, Question] = {
    "prefill": prefill,
    "decode": decode,
    "neighbours": neighbours,
    "parallel": parallel,
    "streaming": streaming,
    "beside": beside,
    "schemas": schemas,
    "constrained": constrained,
    "products": products,
    "attention": attention,
    "weights": weights,
    "scoring": scoring,
    "harness": harness,
    "serving": serving,
    "first_token": first_token,
    "load": load,
    "loading": loading,
}
