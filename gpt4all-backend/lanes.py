"""The lanes of the library's own tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ci.build import CLANG_TOOLS, build, directory
from ci.common import BUILD
from ci.steps import run_logged, tail
from ci.testing.gtest import run_gtest
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import LOGS, last_word, processors, run_ctest

BACKEND = Path(__file__).resolve().parent
TESTS = "gpt4all-backend/tests/all"  # ninja's name for everything of a folder
PROGRAMS = (
    "llmodel_api_tests",
    "llmodel_unit_tests",
    "llmodel_stress_tests",
)  # of GoogleTest, those that take longest first
THOROUGH = bool(os.environ.get("GPT4ALL_THOROUGH"))


def _tests(name: str, preset: str, variables: Mapping[str, str] | None = None) -> Outcome:
    """Runs the cases of PROGRAMS, and the other tests that are labelled `native`."""
    outcome = run_gtest(name, preset, PROGRAMS, variables=variables)
    outcome += run_ctest(name, preset, "-L", "native", "-j", str(processors()), variables=variables)
    return outcome


def _native(_: Settings) -> Outcome:
    build("release", ["llmodel", TESTS])
    return _tests("native", "release")


def _symbols(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return run_ctest("symbols", "release", "-R", "^exported_symbols$")


def _mutations(settings: Settings) -> Outcome:
    build("release", [TESTS])
    outcome = Outcome()
    for model, count in (("tiny-llama-q4_0", settings.mutations), ("tiny-bert", max(1, settings.mutations // 4))):
        log = LOGS / f"mutations-{model}.log"
        log.unlink(missing_ok=True)
        program = directory("release") / "bin" / "mutate_gguf"
        command = [str(program), str(BACKEND / "tests" / "models" / f"{model}.gguf"), str(count)]
        code = run_logged(command, log, cwd=BUILD, progress=last_word, timeout=60 + count)
        wrong = f"ended with {code}; all of it is in {log}:\n{tail(log)}" if code else ""
        outcome.check(f"{count} mutations of {model}", wrong)
    return outcome


def _asan(_: Settings) -> Outcome:
    build("asan", [TESTS])
    options = {
        # ten calls tell where memory comes from: to keep all thirty of each allocation takes a tenth of the time, and
        # to keep what functions left on the stack a fifth
        "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:malloc_context_size=10"
        f":detect_stack_use_after_return={'1' if THOROUGH else '0'}",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }
    return _tests("asan", "asan", options)


def _tsan(_: Settings) -> Outcome:
    build("tsan", ["bin/llmodel_stress_tests"])
    suppressions = BACKEND / "tests" / "tsan.supp"
    options = {"TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={suppressions}"}
    # the runtime cannot start where the kernel spreads addresses widely
    prefix = ["setarch", "-R"] if shutil.which("setarch") else []
    return run_ctest("tsan", "tsan", "-L", "thread", variables=options, prefix=prefix)


LANES = {
    "native": Lane("C++ and C tests of libllmodel", _native, model=True, minutes=8, place=20),
    "symbols": Lane("what libllmodel exports", _symbols, minutes=0.1, place=30),
    "mutations": Lane("mutated model files", _mutations, minutes=0.3, place=120, beside=True),
    "asan": Lane("address and undefined-behaviour sanitizers", _asan, tools=CLANG_TOOLS, minutes=11, place=170),
    "tsan": Lane("thread sanitizer", _tsan, tools=CLANG_TOOLS, minutes=5.5, place=165, beside=True),
}
