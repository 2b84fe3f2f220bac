"""Where the tests find the library and the models. What is missing skips its tests, with the reason."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from corpus_tools.conformance import results

PYTHON = Path(__file__).resolve().parents[1]
ROOT = PYTHON.parents[1]
HEADER = ROOT / "gpt4all-backend" / "include" / "llmodel.h"
TINY_MODELS = ROOT / "gpt4all-backend" / "tests" / "models"

if "GPT4ALL_LIBRARY" not in os.environ:
    os.environ["GPT4ALL_LIBRARY"] = str(ROOT / "build" / "release" / "bin")

import gpt4all  # noqa: E402
from gpt4all import _declarations  # noqa: E402
from gpt4all._library import load  # noqa: E402
from gpt4all.gpt4all import DEFAULT_MODEL, find_model  # noqa: E402

Run = Callable[[str], str]
RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


def child_environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PYTHON), "PYTHONIOENCODING": "utf-8", **changes}


@pytest.fixture(scope="session")
def run_python() -> RunPython:
    """Runs a piece of Python, or with module= a module, in a process of its own."""

    def run(
        *arguments: str, module: str | None = None, text: str = "", timeout: float = 100, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        what = ["-m", module] if module else ["-c"]
        return subprocess.run(
            [sys.executable, *what, *arguments],
            check=False,
            input=text,
            capture_output=True,
            encoding="utf-8",
            env=child_environment(**environment),
            timeout=timeout,
        )

    return run


BuildFake = Callable[[int], Path]


@pytest.fixture(scope="session")
def build_fake(tmp_path_factory: pytest.TempPathFactory) -> BuildFake:
    """Compiles fake_llmodel.c, with any version of the interface."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        pytest.skip("no C compiler to build fake_llmodel.c with")

    def build(version: int) -> Path:
        path = tmp_path_factory.mktemp("fake") / "libllmodel.so"
        source = str(PYTHON / "tests" / "fake_llmodel.c")
        flags = ["-std=gnu11", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", f"-DFAKE_ABI_VERSION={version}"]
        subprocess.run([compiler, *flags, f"-I{HEADER.parent}", source, "-o", str(path)], check=True)
        return path

    return build


PRELUDE = """
import gc, gpt4all, os, signal, sys, threading, time
from gpt4all import Model, _errors
def count(name): return gpt4all.build_info()[name]
def raises(class_, work):
    try: work()
    except BaseException as error:
        assert type(error) is class_, repr(error)
        return error
    raise AssertionError(f"no {class_.__name__}")
"""


@pytest.fixture(scope="session")
def fake(build_fake: BuildFake) -> Path:
    """The library without an engine."""
    return build_fake(_declarations.ABI_VERSION)


@pytest.fixture
def run(fake: Path, run_python: RunPython) -> Run:
    """Runs a program on the fake library; it must end well and print nothing to stderr. Returns its stdout."""

    def run_program(program: str) -> str:
        done = run_python(PRELUDE + textwrap.dedent(program), GPT4ALL_LIBRARY=str(fake), timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run_program


@pytest.fixture(scope="session")
def library() -> str:
    """The path of the real library."""
    try:
        return str(load().path)
    except gpt4all.LibraryNotFoundError as error:
        if os.environ.get("GPT4ALL_REQUIRE_LIBRARY"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def tiny_path(library: str) -> Path:
    path = TINY_MODELS / "tiny-llama-f32.gguf"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


@pytest.fixture(scope="session")
def tiny(tiny_path: Path) -> Iterator[gpt4all.Model]:
    """The tiny LLaMA, open: it writes nonsense, but always the same."""
    with gpt4all.Model(tiny_path) as model:
        yield model


@pytest.fixture(scope="session")
def smollm2_path(library: str) -> Path:
    named = os.environ.get("GPT4ALL_TEST_MODEL")
    try:
        return find_model(named or DEFAULT_MODEL)
    except gpt4all.ModelNotFoundError as error:
        if named:
            raise
        pytest.skip(f"{error}; `make run` fetches it, or name one in GPT4ALL_TEST_MODEL")


@pytest.fixture(scope="session")
def smollm2(smollm2_path: Path) -> Iterator[gpt4all.Model]:
    with gpt4all.Model(smollm2_path) as model:
        yield model


def pytest_configure() -> None:
    """A shell starts what runs in the background with Ctrl-C ignored, and children inherit that: undo it for them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In the process that waits for the others, if tests run in several."""
    if not hasattr(session.config, "workerinput"):
        results.collect()
