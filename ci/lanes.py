"""The lanes of `make test`: what each needs, what it runs, and what it found."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci import conformance, conversions, fuzzing, generated, legacy_files, lint
from ci.build import build, ccache_variables, configure, directory
from ci.common import BUILD, CORPUS_TOOLS, MODELS, ROOT, VENV_PYTHON, Failure, MissingTool, NoNetwork, say
from ci.compatibility import ensure_compatibility_venv
from ci.documentation import build_site as documentation_site
from ci.documentation import check as docs
from ci.fetch.default_model import fetch
from ci.packaging import python as package
from ci.setup import BUILD_TOOLS, ensure_tools, ensure_venv
from ci.steps import Line, run_logged, tail
from ci.testing.reports import Outcome, read_junit

BACKEND = ROOT / "gpt4all-backend"
PYTHON_BINDING = ROOT / "gpt4all-bindings" / "python"
DISTRIBUTION = PYTHON_BINDING / "distribution"
LOGS = BUILD / "logs"
REPORTS = BUILD / "reports"
LANE_SECONDS = 3000
# CPU modules in the wheel that `make test` compiles: for any processor, and for those with AVX2. The wheel that is
# published has one for each instruction set; the sdist lane tries that.
FEW_VARIANTS = "x64;haswell"
TESTS = "gpt4all-backend/tests/all"  # ninja's name for everything of a folder
FUZZERS = "gpt4all-backend/fuzz/all"


@dataclass(frozen=True)
class Settings:
    """What the command line may change."""

    fuzz_seconds: int = 60
    fuzz_runs: int = 0  # for each target, instead of the seconds
    fuzz_targets: Sequence[str] = ()  # all of them
    mutations: int = 2000


@dataclass(frozen=True)
class Lane:
    """A group of tests with needs of its own. A lane whose needs cannot be met is skipped, with the reason."""

    title: str
    run: Callable[[Settings], Outcome]
    tools: Sequence[str] = BUILD_TOOLS
    python: bool = False
    model: bool = False
    venv: Callable[[], object] | None = None  # makes one of the lane's own
    minutes: float = 1  # with nothing built, on two cores
    environment: Mapping[str, str] = field(default_factory=dict)


def library_variables(preset: str = "release") -> dict[str, str]:
    """Where bindings and scripts find the library and the Python package of this checkout."""
    return {
        "GPT4ALL_REQUIRE_LIBRARY": "1",
        "GPT4ALL_LIBRARY": str(directory(preset) / "bin" / "libllmodel.so"),
        "PYTHONPATH": str(PYTHON_BINDING),
        **ccache_variables(),
    }


def _pytest(
    name: str, tests: Path, variables: Mapping[str, str], python: Path = VENV_PYTHON, options: Sequence[str] = ()
) -> Outcome:
    report, log = REPORTS / f"{name}.xml", LOGS / f"{name}.log"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "--junitxml", str(report), *options, str(tests)]
    folder = tests if tests.is_dir() else tests.parent
    code = run_logged(command, log, cwd=folder, variables=variables, progress=_last_word, timeout=LANE_SECONDS)
    if not report.is_file():
        return Outcome(failed=[(name, f"pytest ended with {code} and no report:\n{tail(log)}")])
    outcome = read_junit(report)
    if code not in (0, 1):
        outcome.failed.append((name, f"pytest ended with {code}:\n{tail(log, 20)}"))
    return outcome


def _last_word(line: str) -> str | None:
    return line.strip()[:100] or None


def _ctest(
    name: str, preset: str, *selection: str, variables: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
) -> Outcome:
    report, log = REPORTS / f"{name}.xml", LOGS / f"{name}.log"
    report.unlink(missing_ok=True)
    command = [
        *prefix,
        "ctest",
        "--test-dir",
        str(directory(preset)),
        "--output-junit",
        str(report),
        "--no-tests=error",
    ]
    command += ["--output-on-failure", "--timeout", "600", *selection]
    code = run_logged(command, log, cwd=ROOT, variables=variables, progress=_last_word, timeout=LANE_SECONDS)
    if not report.is_file():
        return Outcome(failed=[(name, f"ctest ended with {code} and no report:\n{tail(log)}")])
    outcome = read_junit(report)
    if code and not outcome.failed:
        outcome.failed.append((name, f"ctest ended with {code}:\n{tail(log, 20)}"))
    return outcome


def _fetch(_: Settings) -> Outcome:
    return _pytest("ci", ROOT / "ci" / "tests", {})


def _generate(_: Settings) -> Outcome:
    outcome = generated.check()
    outcome += _pytest("generate", ROOT / "gpt4all-bindings" / "generate", {})
    return outcome


def _native(_: Settings) -> Outcome:
    build("release", ["llmodel", TESTS])
    return _ctest("native", "release", "-LE", "fuzz", "-j", str(os.cpu_count() or 1))


def _asan(_: Settings) -> Outcome:
    build("asan", [TESTS])
    options = {
        "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }
    return _ctest("asan", "asan", "-L", "native|thread", "-j", str(os.cpu_count() or 1), variables=options)


def _tsan(_: Settings) -> Outcome:
    build("tsan", ["bin/llmodel_stress_tests"])
    suppressions = BACKEND / "tests" / "tsan.supp"
    options = {"TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={suppressions}"}
    # the runtime cannot start where the kernel spreads addresses widely
    prefix = ["setarch", "-R"] if shutil.which("setarch") else []
    return _ctest("tsan", "tsan", "-L", "thread", variables=options, prefix=prefix)


def _fuzz(settings: Settings) -> Outcome:
    build("asan", [FUZZERS])
    return fuzzing.check(settings.fuzz_seconds, settings.fuzz_runs, settings.fuzz_targets)


def _mutations(settings: Settings) -> Outcome:
    build("release", [TESTS])
    outcome = Outcome()
    for model, count in (("tiny-llama-q4_0", settings.mutations), ("tiny-bert", max(1, settings.mutations // 4))):
        log = LOGS / f"mutations-{model}.log"
        log.unlink(missing_ok=True)
        program = directory("release") / "bin" / "mutate_gguf"
        command = [str(program), str(MODELS / f"{model}.gguf"), str(count)]
        code = run_logged(command, log, cwd=BUILD, progress=_last_word, timeout=60 + count)
        wrong = f"ended with {code}; all of it is in {log}:\n{tail(log)}" if code else ""
        outcome.check(f"{count} mutations of {model}", wrong)
    return outcome


def _python(_: Settings) -> Outcome:
    build("release", ["llmodel", "walk_grammar"])
    parallel = ["--numprocesses", str(min(os.cpu_count() or 1, 4)), "--dist", "worksteal"]
    return _pytest("python", PYTHON_BINDING / "tests", library_variables(), options=parallel)


def _compatibility(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    variables = {name: value for name, value in library_variables().items() if name != "PYTHONPATH"}
    folder = PYTHON_BINDING / "tests" / "compatibility"
    return _pytest("compatibility", folder, variables, ensure_compatibility_venv())


def _wheel(_: Settings) -> Outcome:
    made = package.wheel(BUILD / "dist" / "few-variants", FEW_VARIANTS)
    return _pytest("wheel", DISTRIBUTION / "test_wheel.py", {"GPT4ALL_WHEEL": str(made)})


def _sdist(_: Settings) -> Outcome:
    sources = package.sdist()
    made = package.offline_wheel(sources, BUILD / "dist" / "of-sdist")
    return _pytest("sdist", DISTRIBUTION, {"GPT4ALL_SDIST": str(sources), "GPT4ALL_WHEEL": str(made)})


def _corpus(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return conformance.check(library_variables(), LANE_SECONDS)


def _convert(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return conversions.check(library_variables(), LANE_SECONDS)


def _legacy(_: Settings) -> Outcome:
    build("release", ["llmodel", "llmodel_example_chat"])
    return legacy_files.check(library_variables(), LANE_SECONDS)


def _processors(_: Settings) -> Outcome:
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "AMD64"):
        return Outcome(skipped=[("processors", "the modules it knows are for x86-64 and Linux")])
    try:
        ensure_tools(["qemu"])
    except (MissingTool, NoNetwork) as failure:
        say(f"      without old processors, which qemu emulates: {failure}")
    build("modules", ["llmodel", "bin/cpu_products", "bin/amx_products_test", "amx_emulator"])
    variables = library_variables("modules")
    variables["PYTHONPATH"] += os.pathsep + str(CORPUS_TOOLS)
    command = [str(VENV_PYTHON), "-m", "corpus_tools.processors.modules"]
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    for line in (told.stdout or told.stderr).splitlines():
        say(f"      {line}")
    outcome = _ctest("processors-amx", "modules", "-L", "processors")
    parallel = ["--numprocesses", str(min(os.cpu_count() or 1, 4)), "--dist", "worksteal"]
    outcome += _pytest("processors", CORPUS_TOOLS / "tests", variables, options=parallel)
    return outcome


def _symbols(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    header = (BACKEND / "include" / "llmodel.h").read_text(encoding="utf-8")
    declared = {line.split("(")[0].split()[-1].lstrip("*") for line in header.splitlines() if "LLMODEL_API" in line
                and "(" in line and not line.lstrip().startswith("#")}  # fmt: skip
    command = ["nm", "-D", "--defined-only", "--format=posix", str(directory("release") / "bin" / "libllmodel.so")]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    if listing.returncode:
        raise Failure(f"nm failed: {listing.stderr.strip()}")
    exported = {line.split()[0] for line in listing.stdout.splitlines()}
    outcome = Outcome()
    outcome.check("every function of the header is exported", ", ".join(sorted(declared - exported)))
    outcome.check("nothing else is exported", ", ".join(sorted(exported - declared)))
    outcome.check("the header declares functions", "" if len(declared) > 20 else f"only {len(declared)} were found")
    return outcome


def _docs(_: Settings) -> Outcome:
    return docs.check()


def _site(_: Settings) -> Outcome:
    return documentation_site.check()


def _lint(_: Settings) -> Outcome:
    Line().show("checking")
    return lint.lint(lint.FORMATS)


def _tidy(_: Settings) -> Outcome:
    configure("tidy")
    Line().show("checking")
    return lint.lint(["clang-tidy"])


_CLANG = (*BUILD_TOOLS, "clang", "clang-rt", "lld")
LANES: Mapping[str, Lane] = {
    "fetch": Lane("the scripts that fetch llama.cpp and the model", _fetch, ("git",), python=True, minutes=0.5),
    "generate": Lane("what is made from llmodel.h and its schema", _generate, (), python=True, minutes=1),
    "native": Lane("C++ and C tests of libllmodel", _native, model=True, minutes=8),
    "symbols": Lane("what libllmodel exports", _symbols, minutes=0.1),
    "python": Lane("the Python binding", _python, python=True, model=True, minutes=3.5),
    "corpus": Lane("the conformance corpus, made anew", _corpus, python=True, model=True, minutes=1.5),
    "processors": Lane(
        "every CPU module for x86-64, by name", _processors, python=True, model=True, minutes=15
    ),
    "convert": Lane(
        "conversions, compared with transformers", _convert, venv=conversions.ensure_conversion_venv, minutes=20
    ),
    "legacy": Lane(
        "model files of 2023, compared with transformers and programs of that time",
        _legacy,
        venv=conversions.ensure_conversion_venv,
        minutes=15,
    ),
    "compatibility": Lane(
        "programs of the old Python package", _compatibility, model=True, venv=ensure_compatibility_venv, minutes=1
    ),
    "wheel": Lane("the Python wheel, on each Python", _wheel, package.TOOLS, python=True, model=True, minutes=2.5),
    "sdist": Lane("the sdist and its wheel", _sdist, package.TOOLS, python=True, model=True, minutes=13),
    "mutations": Lane("mutated model files", _mutations, minutes=0.3),
    "lint": Lane("formatting, ruff and mypy", _lint, ("git", "clang-format"), python=True, minutes=0.5),
    "tidy": Lane("clang-tidy", _tidy, (*BUILD_TOOLS, "clang-tidy"), python=True, minutes=20),
    "docs": Lane("links and names in the documentation", _docs, ("git", "g++"), minutes=0.1),
    "site": Lane("the documentation site", _site, (), venv=documentation_site.ensure_site_venv, minutes=1),
    "asan": Lane("address and undefined-behaviour sanitizers", _asan, _CLANG, minutes=11),
    "tsan": Lane("thread sanitizer", _tsan, _CLANG, minutes=5.5),
    "fuzz": Lane("fuzzing", _fuzz, _CLANG, minutes=1.5),
}  # fmt: skip


# What `make test` runs if no lane is named: all but clang-tidy and the whole package, which take twenty minutes of
# computing each (`make lint`, `make test LANES=sdist`), and what installs PyTorch (`make test LANES=convert,legacy`).
DEFAULT_LANES = tuple(name for name in LANES if name not in ("tidy", "sdist", "convert", "legacy"))


def prepare(lane: Lane) -> None:
    """Gets what a lane needs beyond its tools; raises Failure if that cannot be had.

    Without the default model a lane is still worth running: the tests that need it skip themselves.
    """
    if lane.python:
        ensure_venv()
    if lane.venv:
        lane.venv()
    if lane.model:
        try:
            fetch()
        except NoNetwork as failure:
            say(f"      without the default model: {failure}")
