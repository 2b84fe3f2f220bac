#!/usr/bin/env python3
"""Measures libllmodel beside its peers and writes docs/benchmarks. `make bench` calls it with all that it needs."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Any

import instruction_sets
import noise
import report
import tables
from beside import Pair
from contenders import HERE, Contender, LlamaBench, LlamaServer, Worker
from gpt4all import Model, build_info
from questions import N_PREFIX, N_PROMPT, N_TAIL, QUESTIONS, Recorder, Settings
from servers import servers
from weights import DEFAULT_MODEL, TESTS, Weights

ROOT = HERE.parents[1]
STORY = "The lighthouse keeper climbed the stairs every evening, and"


NODE_WORKER = ("node", str(HERE / "worker_node.mjs"))
TYPESCRIPT = HERE.parent / "typescript"


def typescript() -> str | None:
    """The TypeScript package for worker_node.mjs, if it has been built."""
    built = shutil.which("node") and (TYPESCRIPT / "dist" / "index.js").is_file()
    return f"contender_gpt4all={TYPESCRIPT}" if built else None


def node_llama_cpp(arguments: argparse.Namespace) -> str:
    """The same for node-llama-cpp."""
    return f"contender_node_llama_cpp={Path(arguments.node_llama_cpp).resolve()}"


def peers(arguments: argparse.Namespace) -> dict[str, tuple[str, Contender]]:
    """Other SDKs that are installed: their versions and how they are run."""
    found: dict[str, tuple[str, Contender]] = {}
    python = arguments.llama_cpp_python
    if python:
        code = "import llama_cpp; print(llama_cpp.__version__)"
        probe = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        if probe.returncode == 0:
            command = [python, str(HERE / "worker_llama_cpp_python.py")]
            found[tables.LCP] = (probe.stdout.strip(), Worker(tables.LCP, command, parallel=False))
        else:
            print(f"      no llama-cpp-python: {python} cannot import it", file=sys.stderr)
    package = Path(arguments.node_llama_cpp or "") / "node_modules" / "node-llama-cpp" / "package.json"
    if arguments.node_llama_cpp and package.is_file():
        worker = Worker(tables.NODE, [*NODE_WORKER, node_llama_cpp(arguments)], parallel=False)
        found[tables.NODE] = (json.loads(package.read_text())["version"], worker)
    elif arguments.node_llama_cpp:
        print(f"      no node-llama-cpp in {arguments.node_llama_cpp}", file=sys.stderr)
    return found


def ik_llama_cpp(arguments: argparse.Namespace) -> dict[str, str]:
    """Its package's version, if it is installed."""
    python = arguments.ik_llama_cpp or arguments.ik_llama_cpp_wheel
    code = "from importlib.metadata import version; print(version('ik-llama-cpp-python'))"
    return {tables.IK: subprocess.check_output([python, "-c", code], text=True).strip()} if python else {}


def pairs(arguments: argparse.Namespace, others: Container[str]) -> list[Pair]:
    """Who can be loaded into one process."""
    found = []
    if tables.LCP in others:
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = subprocess.check_output([arguments.llama_cpp_python, "-c", code], text=True).strip()
        command = [sys.executable, str(HERE / "worker_beside.py")]
        found.append(Pair(command, {tables.PYTHON: "gpt4all", tables.LCP: f"llama_cpp={packages}"}))
    if tables.NODE in others and (ours := typescript()):
        found.append(Pair(NODE_WORKER, {tables.TYPESCRIPT: ours, tables.NODE: node_llama_cpp(arguments)}))
    return found


def cpu_facts() -> tuple[str, list[str]]:
    """The processor's name, and those of its instruction sets that matter here."""
    name, flags = platform.processor() or platform.machine(), []
    if Path("/proc/cpuinfo").is_file():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags = value.split()
    kinds = ("avx2", "fma", "f16c", "avx512", "avx_vnni", "amx", "asimddp", "i8mm", "sve")
    return name, [flag for flag in flags if flag.startswith(kinds)]


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    name, flags = cpu_facts()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": name,
        "cores": usable,
        "instruction_sets": flags,
        "memory_gib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30),
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg()[0],
    }


def weights(arguments: argparse.Namespace, story: list[int], flags: list[str]) -> Weights | None:
    """How models with weights of each type are measured; None if that was not asked for."""
    if "weights" not in arguments.only or not arguments.modules:
        return None
    found = instruction_sets.modules(flags)
    chosen = {name: module for name, module in found.items() if name in arguments.instruction_sets}
    native = instruction_sets.native(found)
    built = {native: arguments.ik_llama_cpp} if native and arguments.ik_llama_cpp else {}
    wheel = {instruction_sets.AVX2: arguments.ik_llama_cpp_wheel} if arguments.ik_llama_cpp_wheel else {}
    return Weights(
        chosen, Path(arguments.modules).resolve(), Path(arguments.ggml_modules).resolve(), arguments.model, story,
        arguments.noise, arguments.threads, arguments.types, arguments.tests, wheel | built,
        {native: arguments.llama_cpp_python} if native and arguments.llama_cpp_python else {},
    )  # fmt: skip


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Asks the questions and returns what results.json holds."""
    binaries = Path(arguments.binaries).resolve()
    llama_cpp = Path(arguments.llama_cpp).resolve()
    others = peers(arguments)
    contenders: list[Contender] = [
        Worker(tables.C_API, [str(binaries / "llmodel_bench")]),
        Worker(tables.PYTHON, [sys.executable, str(HERE / "worker_gpt4all.py")]),
        *([Worker(tables.TYPESCRIPT, [*NODE_WORKER, ours])] if (ours := typescript()) else []),
        LlamaServer(llama_cpp / "llama-server", [str(binaries / "llmodel_bench")]),
        *(worker for _, worker in others.values()),
    ]
    facts = machine()
    if facts["load"] > 0.5:
        print(f"      other programs are running (load {facts['load']:.1f}); expect noise", file=sys.stderr)
    with Model(arguments.model, n_ctx=256) as model:
        story, n_vocab = model.tokenize(STORY, add_special=True), model.info()["n_vocab"]
    streams = {"Python": [sys.executable, str(HERE / "worker_streams.py")], **json.loads(arguments.stream_workers)}
    settings = Settings(
        arguments.model, binaries, arguments.threads, arguments.rounds, arguments.n_gen, n_vocab, story, streams,
        pairs(arguments, others), servers(llama_cpp, arguments.server, arguments.llama_cpp_python),
        arguments.llguidance or "", arguments.llama_cpp_python or "", arguments.lm_eval or "",
        weights(arguments, story, facts["instruction_sets"]), arguments.noise, llama_cpp,
    )  # fmt: skip
    questions: dict[str, Any] = {}
    for name in arguments.only:
        print(f"      {name}", end="", file=sys.stderr, flush=True)
        start, recorder = time.monotonic(), Recorder()
        for number in QUESTIONS[name](settings, contenders, LlamaBench(llama_cpp / "llama-bench"), recorder):
            print(f" {number + 1}", end="", file=sys.stderr, flush=True)
        print(f" of {settings.rounds} rounds, {time.monotonic() - start:.0f} s", file=sys.stderr)
        questions |= by_kind(recorder, facts["cpu"]) if name == "weights" else {name: recorder.results()}
    if arguments.update:
        kept = json.loads((arguments.output / "results.json").read_text())
        kept["versions"] = {**ik_llama_cpp(arguments), **kept["versions"]}
        return updated(kept, questions, settings, facts)
    info = build_info()
    upstream = info["llama_cpp"]
    return {
        "date": datetime.date.today().isoformat(),
        "rounds": settings.rounds,
        "machine": facts,
        "versions": {
            "libllmodel": f"{info['version']} ({info['compiler']}, {info['flags']})",
            "llama.cpp": f"{upstream['release']} (tree {upstream['tree'][:12]})",
            **{name: version for name, (version, _) in others.items()},
            **ik_llama_cpp(arguments),
        },
        "settings": {
            "model": arguments.model.name, "threads": settings.threads, "n_prompt": N_PROMPT, "n_gen": settings.n_gen,
            "n_prefix": N_PREFIX, "n_tail": N_TAIL, "n_ctx": 2 * N_PROMPT,
        },
        "questions": questions,
    }  # fmt: skip


def by_kind(recorder: Recorder, cpu: str) -> dict[str, Any]:
    """What was measured with weights of each type, apart for each set of instructions."""
    found: dict[str, Any] = {}
    for of_set in instruction_sets.SETS:
        results = recorder.results(f"{of_set} ")
        others = [f", {other}, " for other in instruction_sets.SETS if other != of_set]
        failures = recorder.failures.items()
        results["failures"] = {name: why for name, why in failures if not any(other in name for other in others)}
        if results["values"]:
            found[instruction_sets.question(of_set, instruction_sets.maker(cpu))] = results
    return found or {"weights": recorder.results()}


def updated(
    results: dict[str, Any], questions: dict[str, Any], settings: Settings, facts: dict[str, Any]
) -> dict[str, Any]:
    """Earlier results with some questions asked again, each of which says when and how that was."""
    today = datetime.date.today().isoformat()
    how = {"date": today, "machine": facts, "threads": settings.threads, "rounds": settings.rounds}
    again = {name: {**entry, **how} for name, entry in questions.items()}
    return {**results, "questions": {**results["questions"], **again}}


def write(results: dict[str, Any], folder: Path, plot_python: str | None) -> Path:
    """results.json and the pictures into `folder`, the page beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    plots = {}
    for plot, columns in ((table.plot, table.columns) for table in report.TABLES if table.plot):
        if plot_python and any(column.question in results["questions"] for column in columns):
            command = [plot_python, str(HERE / plot.program), str(path), str(folder / plot.file)]
            if subprocess.run(command, check=False).returncode != 0:
                raise SystemExit(f"{plot.file} could not be drawn; {path} has what was measured, and --render goes on")
        if (folder / plot.file).is_file():
            plots[plot.file] = f"{folder.name}/{plot.file}"
    page = folder.with_suffix(".md")
    page.write_text(report.page(results, plots))
    return page


def _among(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Reads names that are separated by commas."""

    def read(text: str) -> list[str]:
        given = text.split(",")
        if unknown := [name for name in given if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(known)}")
        return given

    return read


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--binaries", required=True, help="the folder with llmodel_bench")
    parser.add_argument("--llama-cpp", required=True, help="the folder with llama-bench and llama-server")
    parser.add_argument("--only", type=_among(list(QUESTIONS)), help="questions: " + ", ".join(QUESTIONS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=machine()["cores"], help="all cores if not given")
    parser.add_argument("--n-gen", type=int, default=128, help="tokens to decode")
    parser.add_argument("--llama-cpp-python", metavar="PYTHON", help="a Python that has llama-cpp-python")
    parser.add_argument("--lm-eval", metavar="PYTHON", help="a Python that has lm-eval")
    parser.add_argument("--server", metavar="PYTHON", help="a Python that has what `gpt4all serve` needs")
    parser.add_argument("--llguidance", metavar="PYTHON", help="a Python that has llguidance")
    parser.add_argument("--node-llama-cpp", metavar="FOLDER", help="a folder whose node_modules has node-llama-cpp")
    parser.add_argument(
        "--stream-workers", metavar="JSON", default="{}", help="for each language but Python, what reads streams in it"
    )
    parser.add_argument("--modules", metavar="FOLDER", help="the folder with llmodel_bench and all CPU modules")
    parser.add_argument("--ggml-modules", metavar="FOLDER", help="that with llama-bench, llama-server and theirs")
    parser.add_argument("--ik-llama-cpp", metavar="PYTHON", help="a Python that has ik-llama-cpp-python, built here")
    parser.add_argument("--ik-llama-cpp-wheel", metavar="PYTHON", help="one that has it as PyPI does, for AVX2")
    parser.add_argument(
        "--noise",
        type=Path,
        metavar="FOLDER",
        default=ROOT / "build" / "noise",
        help="where models of noise are kept, about 6 GB",
    )
    for option, names, default in (
        ("--types", (*noise.TYPES, DEFAULT_MODEL), None),
        ("--instruction-sets", tuple(instruction_sets.SETS), None),
        ("--tests", TESTS, ()),
    ):
        which = f'for the question "weights": {", ".join(names)}'
        parser.add_argument(option, type=_among(names), default=names if default is None else default, help=which)
    parser.add_argument("--plot-python", metavar="PYTHON", help="a Python that has matplotlib")
    parser.add_argument("--output", type=Path, help="a folder; docs/benchmarks if everything is measured")
    parser.add_argument("--update", action="store_true", help="keep what --only does not name from results.json")
    parser.add_argument("--render", action="store_true", help="measure nothing; write the page from results.json again")
    arguments = parser.parse_args()
    whole = not arguments.only
    arguments.only = arguments.only or list(QUESTIONS)
    arguments.model = arguments.model.resolve()
    arguments.output = (
        arguments.output or (ROOT / "docs" if whole or arguments.update else ROOT / "build") / "benchmarks"
    )
    return arguments


def main() -> int:
    """Measures, and prints the page too."""
    arguments = parse()
    kept = arguments.output / "results.json"
    results = json.loads(kept.read_text()) if arguments.render else measure(arguments)
    page = write(results, arguments.output, arguments.plot_python)
    print(page.read_text())
    print(f"      written to {page} and {arguments.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
