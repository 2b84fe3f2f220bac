"""Every CPU module that this machine can run: products of matrices, and the conformance corpus.

The oldest ones are also run on the oldest processor that they are for, as qemu emulates it, so that one which uses
instructions beyond its name is found.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import gpt4all
import pytest
from corpus_tools.processors.modules import (
    LACKING,
    OLDEST,
    QEMU,
    Module,
    bin_folder,
    by_qemu,
    emulates_amx,
    ending,
    modules,
    run,
    variables,
)
from gpt4all.gpt4all import DEFAULT_MODEL, find_model

RUN_CASES = [sys.executable, "-m", "corpus_tools.processors.run_cases"]
PRODUCTS = bin_folder() / "cpu_products"
ATTENTION = bin_folder() / "cpu_attention"
ACTIVATIONS = bin_folder() / "cpu_activations"
# What is computed, and so may differ: answers, scores and vectors by every model.
TOPICS = ("complete", "embed", "grammar", "json_schema", "logprobs", "rerank", "score", "trained")
# An answer of the tiny model by weights in F32 and in 4 and 8 bits.
QEMU_CASES = ("complete-tiny-hello", "complete-tiny-q4_0-see", "complete-tiny-q8_0-went")

AVX2 = "haswell"
WITHOUT_AVX2 = ("x64", "sse42", "sandybridge", "ivybridge", "piledriver")
DIGESTS: dict[str, str] = {}  # of products, by module
BEST = gpt4all.devices()["cpu"].get("module", {}).get("name", AVX2)  # of those that this processor can run

# Whose whole corpus is run: without AVX, with each width of its registers, and the one that is chosen here. The others
# differ from these in a few instructions, which products, attention and an answer of the default model try in each.
WIDTHS = {"x64", AVX2, "skylakex", BEST}
THOROUGH = bool(os.environ.get("GPT4ALL_THOROUGH"))

every_module = pytest.mark.parametrize("module", modules(), indirect=True)
oldest_modules = pytest.mark.parametrize("module", OLDEST, indirect=True)
needs_qemu = pytest.mark.skipif(not shutil.which(QEMU), reason=f"{QEMU} is not installed (Debian: qemu-user)")


@pytest.fixture
def runnable(module: Module) -> Module:
    """The module, if it runs here at all."""
    if not module.usable and not emulates_amx(module):
        pytest.skip(LACKING)
    return module


def products_of(module: Module) -> list[str | Path]:
    return [PRODUCTS, "--module", module.path]


def test_there_are_all_modules() -> None:
    assert set(modules()) >= {*OLDEST, "alderlake", "skylakex", "cascadelake", "zen4", "sapphirerapids"}


@every_module
def test_products(runnable: Module) -> None:
    emulated = ["--unchecked"] if emulates_amx(runnable) else []
    done = run([*products_of(runnable), *emulated], variables(runnable))
    assert done.returncode == 0, ending(done)
    company, summary = done.stdout.splitlines()[-2:]
    assert "0 wrong" in summary
    if runnable.name not in WITHOUT_AVX2:  # the others multiply with kernels of ours, which give the same everywhere
        assert not company.startswith("0 "), company
        DIGESTS[runnable.name] = company.rpartition(" ")[2]
        assert len(set(DIGESTS.values())) == 1, DIGESTS
    assert ("AMX" in summary) == (runnable.name in ("sapphirerapids",)), summary


@pytest.mark.parametrize("program", [ATTENTION, ACTIVATIONS], ids=["attention", "activations"])
@every_module
def test_what_is_not_a_product(runnable: Module, program: Path) -> None:
    emulated = ["--unchecked"] if emulates_amx(runnable) else []
    done = run([program, "--module", runnable.path, *emulated], variables(runnable))
    assert done.returncode == 0, ending(done)
    assert ", 0 wrong" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("module", modules() if THOROUGH else sorted(WIDTHS), indirect=True)
def test_the_corpus_holds(runnable: Module, tmp_path: Path) -> None:
    hold_corpus(runnable, {"GPT4ALL_CACHE": str(tmp_path), "GPT4ALL_OFFLINE": "1"})


@every_module
def test_the_default_model_answers(runnable: Module) -> None:
    if not find_model(DEFAULT_MODEL):
        pytest.skip(f"{DEFAULT_MODEL} is not in the cache")
    done = run([*RUN_CASES, "complete-smollm2-code"], variables(runnable))
    assert done.returncode == 0, ending(done)


@pytest.mark.parametrize("module", sorted({AVX2, BEST}), indirect=True)
def test_the_corpus_of_the_default_model_holds(runnable: Module) -> None:
    """With the two that most machines choose: with all of them it would take half of the lane's time."""
    hold_corpus(runnable, {})


def hold_corpus(module: Module, environment: dict[str, str]) -> None:
    # the other ways to compute are tried in the lane `corpus`, with one module
    ways = [] if THOROUGH else ["--one-way"]
    command = [sys.executable, "-m", "corpus_tools.generate", "--admit", *ways, *TOPICS]
    done = run(command, variables(module) | environment, timeout=1800)
    assert done.returncode == 0, ending(done)
    assert done.stdout.count("as they should be") == len(TOPICS)


@needs_qemu
@oldest_modules
def test_products_on_the_oldest_processor(module: Module) -> None:
    done = run(by_qemu(module, [*products_of(module), "--small"]))
    assert done.returncode == 0, ending(done)


@needs_qemu
@oldest_modules
def test_an_answer_on_the_oldest_processor(module: Module) -> None:
    command: list[str | Path] = [*RUN_CASES, *QEMU_CASES]
    done = run(by_qemu(module, command), {"GPT4ALL_CPU_MODULE": module.name})
    assert done.returncode == 0, ending(done)


@needs_qemu
def test_the_emulated_processor_refuses_what_it_lacks() -> None:
    """Otherwise the tests before this one could not fail."""
    oldest, newer = modules()["x64"], modules()["haswell"]
    done = run(by_qemu(oldest, [*products_of(newer), "--small", "--unchecked"]))
    assert "died of SIGILL" in ending(done)


@needs_qemu
def test_the_library_refuses_a_module_that_the_processor_cannot_run() -> None:
    program = "import gpt4all; gpt4all.devices(); gpt4all.inspect('x.gguf')"
    command = by_qemu(modules()["x64"], [sys.executable, "-c", program])
    done = run(command, {"GPT4ALL_CPU_MODULE": "haswell"})
    assert done.returncode == 1, ending(done)
    assert "UnsupportedError" in done.stdout
    assert '"haswell", which cannot be loaded: ' + LACKING in done.stdout
    assert "or name one of: x64" in done.stdout


@needs_qemu
def test_registers_that_the_system_does_not_save_are_not_used() -> None:
    """Without xsave there is no operating system that lets AVX be used, though the processor has it."""
    program = "import gpt4all; print(gpt4all.devices()['cpu']['module'])"
    done = run([QEMU, "-cpu", "Haswell,-xsave", sys.executable, "-c", program])
    assert "{'name': 'sse42'}" in done.stdout, ending(done)


def test_a_module_is_asked_for_by_name() -> None:
    program = "import gpt4all, json; print(json.dumps(gpt4all.devices()['cpu']['module']))"
    done = run([sys.executable, "-c", program], {"GPT4ALL_CPU_MODULE": "x64"})
    assert '{"name": "x64", "requested": "x64", "requested_by": "GPT4ALL_CPU_MODULE"' in done.stdout, ending(done)
    for command in ("devices", "doctor"):
        done = run([sys.executable, "-m", "gpt4all", command], {"GPT4ALL_CPU_MODULE": "x64"})
        assert "x64, requested by GPT4ALL_CPU_MODULE" in done.stdout, ending(done)


@pytest.mark.skipif(not modules()["haswell"].usable, reason=LACKING)
def test_a_module_that_is_asked_for_logs_as_others_do() -> None:
    case = "complete-tiny-q4_0-see"
    done = run([*RUN_CASES, case], {"GPT4ALL_CPU_MODULE": "haswell"})
    assert done.stdout == f"{case}\n1 cases hold\n"


def test_the_best_module_is_taken_where_none_is_asked_for() -> None:
    chosen = gpt4all.devices()["cpu"]["module"]
    assert "requested" not in chosen
    done = run([sys.executable, "-m", "gpt4all", "doctor"])
    assert f"{chosen['name']}, which fits this processor best of {len(modules())}" in done.stdout, ending(done)
    assert "warning  backend" not in done.stdout


def test_an_unknown_name_lists_those_that_are_there() -> None:
    asked = {"GPT4ALL_CPU_MODULE": "haswel"}
    done = run([sys.executable, "-c", "import gpt4all; gpt4all.inspect('x.gguf')"], asked)
    assert "InvalidArgumentError" in done.stdout, ending(done)
    assert f"available: {', '.join(sorted(modules()))}" in done.stdout
    done = run([sys.executable, "-m", "gpt4all", "doctor"], asked)
    assert done.returncode == 1
    assert "broken" in done.stdout
    assert '"haswel"' in done.stdout
