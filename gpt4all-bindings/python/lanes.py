"""The lanes of the Python binding: its tests, and programs of the old package that must run on it as they did."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from ci.build import build
from ci.common import BUILD, ROOT, MissingTool, NoNetwork, file_lock, say
from ci.packaging.jdk import newest_jdk
from ci.setup import ensure_other_venv, ensure_tools
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import (
    LANE_SECONDS,
    LOGS,
    PYTHON_BINDING,
    REPORTS,
    conformance_variables,
    library_variables,
    run_pytest,
)

TESTS = PYTHON_BINDING / "tests"
COMPATIBILITY = TESTS / "compatibility"
SERVER = TESTS / "server"
REPLICAS = SERVER / "replicas"
DOCUMENTS = TESTS / "documents"
RETRIEVAL = DOCUMENTS / "retrieval"
APP = TESTS / "app"
EVALUATION = TESTS / "evaluation"
AGREEMENT = EVALUATION / "agreement"
# These have virtual environments of their own.
OTHERS = tuple(f"--ignore={SERVER / name}" for name in ("replicas", "test_llama_index.py", "test_lm_eval.py"))


def _ensure_compatibility_venv() -> Path:
    """Makes build/venv-compatibility and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    # Without what they require: that would bring the old package of our name.
    python = ensure_other_venv(
        "venv-compatibility", COMPATIBILITY / "requirements.txt", "LangChain and llm", "--no-deps"
    )
    with file_lock(BUILD / ".venv-compatibility.lock", "the programs to be compatible with"):
        _put_in_place(python)
    return python


def _put_in_place(python: Path) -> None:
    """Installs this checkout as the package gpt4all, in the way of an editable install: a path and its metadata."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(
        subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )
    version = (ROOT / "VERSION").read_text(encoding="ascii").strip()
    for old in packages.glob("gpt4all-*.dist-info/*"):
        old.unlink()
    info = packages / f"gpt4all-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (packages / "gpt4all.pth").write_text(f"{PYTHON_BINDING}\n", encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: gpt4all\nVersion: {version}\n", encoding="utf-8")
    (info / "RECORD").write_text("gpt4all.pth,,\n", encoding="utf-8")
    for empty in packages.glob("gpt4all-*.dist-info"):
        if not any(empty.iterdir()):
            empty.rmdir()


def _python(_: Settings) -> Outcome:
    build("release", ["llmodel", "walk_grammar"])
    variables = {**library_variables(), **conformance_variables("python")}
    return run_pytest(
        "python",
        TESTS,
        variables,
        parallel=True,
        options=tuple(f"--ignore={each}" for each in (SERVER, DOCUMENTS, APP, EVALUATION)),
    )


def _compatibility(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    variables = {name: value for name, value in library_variables().items() if name != "PYTHONPATH"}
    return run_pytest("compatibility", COMPATIBILITY, variables, python=_ensure_compatibility_venv())


def _ensure_server_venvs() -> Path:
    """Makes build/venv-server and build/venv-llama-index, and returns the first's Python. Raises NoNetwork if a package
    cannot be downloaded; without a browser, the tests that need one skip themselves."""
    try:
        ensure_tools(["chromium"])
    except (MissingTool, NoNetwork) as failure:
        say(f"      without Chromium: {failure}")
    ensure_other_venv("venv-llama-index", SERVER / "requirements-llama-index.txt", "LlamaIndex")
    return ensure_other_venv("venv-server", SERVER / "requirements.txt", "clients of the server")


def _server(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    python = _ensure_server_venvs()
    jdk = newest_jdk()
    variables = {**library_variables(), **({"JAVA_HOME": str(jdk.home)} if jdk else {})}
    outcome = run_pytest("server", SERVER, variables, python=python, options=OTHERS)
    other = BUILD / "venv-llama-index" / "bin" / "python"
    outcome += run_pytest("llama-index", SERVER / "test_llama_index.py", library_variables(), python=other)
    return outcome


def _ensure_documents_venv() -> Path:
    """Makes build/venv-documents and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-documents", DOCUMENTS / "requirements.txt", "what reads documents")


def _documents(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    options = (f"--ignore={RETRIEVAL}",)
    return run_pytest("documents", DOCUMENTS, library_variables(), python=_ensure_documents_venv(), options=options)


def _ensure_app_venv() -> Path:
    """Makes build/venv-app and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-app", APP / "requirements.txt", "the chat application's packages")


def _app(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return run_pytest("app", APP, library_variables(), python=_ensure_app_venv())


def _ensure_evaluate_venv() -> Path:
    """Makes build/venv-evaluate and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-evaluate", EVALUATION / "requirements.txt", "lm-eval and what it needs")


def _evaluate(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    # each test has a home of its own, where matplotlib would look for fonts anew
    variables = {**library_variables(), "MPLCONFIGDIR": str(BUILD / "matplotlib")}
    return run_pytest("evaluate", EVALUATION, variables, python=_ensure_evaluate_venv())


def _ensure_agreement_venv() -> Path:
    """Makes build/venv-agreement and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-agreement", AGREEMENT / "requirements.txt", "lm-eval, PyTorch and transformers")


def _agreement(_: Settings) -> Outcome:
    """Each task of each model counts as a test."""
    build("release", ["llmodel"])
    log, found = LOGS / "evaluate-transformers.log", REPORTS / "evaluate-transformers.json"
    log.unlink(missing_ok=True)
    found.unlink(missing_ok=True)
    found.parent.mkdir(parents=True, exist_ok=True)
    folders = (PYTHON_BINDING, TESTS, ROOT / "gpt4all-bindings" / "corpus" / "tools")
    variables = {**library_variables(), "PYTHONPATH": os.pathsep.join(map(str, folders)), "HF_HUB_OFFLINE": "1"}
    command = [str(_ensure_agreement_venv()), "-m", "tests.evaluation.agreement", str(found)]
    if named := os.environ.get("GPT4ALL_EVALUATION_DATA"):
        command += ["--data", named]
    code = run_logged(command, log, cwd=PYTHON_BINDING, variables=variables, timeout=LANE_SECONDS)
    told = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else {"models": {}, "wrong": []}
    outcome = Outcome(passed=sum(len(tasks) for tasks in told["models"].values()))
    outcome.failed += [(line.split(" ")[0], line) for line in told["wrong"]]
    if code and not outcome.failed:
        outcome.failed.append(("evaluate-transformers", f"it ended with {code}:\n{tail(log, 40)}"))
    return outcome


def _retrieval(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return run_pytest("retrieval", RETRIEVAL, library_variables(), python=_ensure_documents_venv())


def _ensure_lm_eval_venv() -> Path:
    """Makes build/venv-lm-eval and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-lm-eval", SERVER / "requirements-lm-eval.txt", "lm-eval")


def _lm_eval(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return run_pytest("lm-eval", SERVER / "test_lm_eval.py", library_variables(), python=_ensure_lm_eval_venv())


def _ensure_ray_venv() -> Path:
    """Makes build/venv-ray and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-ray", REPLICAS / "requirements.txt", "Ray Serve")


def _ray(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    return run_pytest("ray", REPLICAS, library_variables(), python=_ensure_ray_venv())


LANES = {
    "python": Lane("the Python binding", _python, python=True, model=True, minutes=3.5, place=40),
    "compatibility": Lane(
        "programs of the old Python package",
        _compatibility,
        model=True,
        venv=_ensure_compatibility_venv,
        minutes=2,
        place=90,
        beside=True,
    ),
    "server": Lane(
        "the local server, and the clients of its APIs",
        _server,
        venv=_ensure_server_venvs,
        minutes=6,
        place=85,
        beside=True,
    ),
    "documents": Lane(
        "reading and searching documents",
        _documents,
        venv=_ensure_documents_venv,
        minutes=1.5,
        place=84,
        beside=True,
    ),
    "app": Lane(
        "the chat application's server",
        _app,
        model=True,
        venv=_ensure_app_venv,
        minutes=7,
        place=88,
        beside=True,
    ),
    "evaluate": Lane(
        "a model's accuracy, through lm-eval",
        _evaluate,
        venv=_ensure_evaluate_venv,
        minutes=2,
        place=83,
        beside=True,
    ),
    "evaluate-transformers": Lane(
        "log-likelihoods and accuracies, compared with lm-eval's model class for transformers",
        _agreement,
        venv=_ensure_agreement_venv,
        minutes=3,
        place=71,
        optional="installs PyTorch",
    ),
    "retrieval": Lane(
        "how much search finds in documents of Debian's packages",
        _retrieval,
        venv=_ensure_documents_venv,
        minutes=20,
        place=89,
        optional="downloads 60 MB of Debian's packages, and embeds them for a quarter of an hour",
    ),
    "lm-eval": Lane(
        "lm-eval's local-completions against the local server",
        _lm_eval,
        venv=_ensure_lm_eval_venv,
        minutes=2,
        place=86,
        beside=True,
        optional="downloads a gigabyte of Python packages for one client of the server",
    ),
    "ray": Lane(
        "the local server as replicas on a Ray cluster",
        _ray,
        venv=_ensure_ray_venv,
        minutes=3,
        place=87,
        optional="downloads half a gigabyte of Python packages, and starts a cluster",
    ),
}
