"""The lane of the Go binding: its format, its linters and its tests, under the race detector."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ci.build import build
from ci.common import ROOT, NoNetwork, cache_root
from ci.documentation.stand_ins import fill
from ci.setup import BUILD_TOOLS, Tool
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import LANE_SECONDS, LOGS, conformance_variables, library_variables

HERE = Path(__file__).resolve().parent
EXAMPLES = ROOT / "docs" / "examples" / "golang"
BENCHMARK = ROOT / "gpt4all-bindings" / "benchmarks" / "worker_streams_go"
OLDEST = (1, 24)  # that has what the binding uses
LINTERS = (1, 26)  # that staticcheck needs
# No other Go is fetched than the one that is here.
VARIABLES = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "CGO_ENABLED": "1"}


def _version() -> tuple[int, int]:
    """Which Go is on the machine; 0.0 if there is none."""
    if not shutil.which("go"):
        return 0, 0
    done = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


GO = Tool("", lambda: _version() >= OLDEST, "install Go 1.24 or newer from its makers; Debian 12's is older")


def _command(arguments: Sequence[str], variables: Mapping[str, str] | None = None, folder: Path = HERE) -> str:
    """What a command says if it fails, or finds something; nothing if all is well."""
    done = subprocess.run(
        arguments, cwd=folder, env={**os.environ, **VARIABLES, **(variables or {})}, capture_output=True, text=True,
        errors="replace", check=False,
    )  # fmt: skip
    text = (done.stdout + done.stderr).strip()
    return text or f"exit code {done.returncode}" if done.returncode else ""


def _fetch() -> None:
    """Gets the modules that go.mod names, unless they are here. Raises NoNetwork."""
    for folder in (".", "tools"):
        if wrong := _command(["go", "-C", folder, "mod", "download"]):
            raise NoNetwork(f"Go's modules cannot be had: {wrong[-500:]}")


def _format() -> str:
    names = sorted(path.name for path in HERE.glob("*.go"))
    done = subprocess.run(["gofmt", "-d", *names], cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _golang(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    outcome = Outcome()
    outcome.check("gofmt", _format())
    outcome.check("go mod tidy", _command(["go", "mod", "tidy", "-diff"]))
    outcome.check("go vet", _command(["go", "vet", "./..."]))
    outcome.check("go build without a library", _command(["go", "build", "./..."], {"GPT4ALL_LIBRARY": ""}))
    if _version() >= LINTERS:
        outcome.check("staticcheck", _command(["go", "tool", "-modfile=tools/go.mod", "staticcheck", "./..."]))
    else:
        outcome.skipped.append(("staticcheck", "it needs Go 1.26"))
    outcome += _test()
    _examples(outcome)
    return outcome


def _examples(outcome: Outcome) -> None:
    """Compiles and runs the programs of the documentation; compiles that of the benchmark."""
    variables = {**library_variables(), "GOWORK": "off"}
    for name, folder in {"the documentation": EXAMPLES, "the benchmark": BENCHMARK}.items():
        done = subprocess.run(["gofmt", "-l", str(folder)], capture_output=True, text=True, check=False)
        outcome.check(f"gofmt of {name}", done.stdout + done.stderr)
        outcome.check(f"go vet of {name}", _command(["go", "-C", str(folder), "vet", "./..."], variables))
    model = cache_root() / "models" / "SmolLM2-135M-Instruct-Q4_1.gguf"
    with tempfile.TemporaryDirectory() as scratch:
        if model.is_file():
            fill(Path(scratch, "cache", "models"), model)
            variables["GPT4ALL_CACHE"] = str(Path(scratch, "cache"))
        for path in sorted(EXAMPLES.glob("*/main.go")):
            name = f"docs/examples/golang/{path.parent.name}"
            if not model.is_file():
                outcome.skipped.append((name, f"{model} is not there"))
                continue
            folder = Path(scratch, "work", path.parent.name)  # for the files that it writes
            folder.mkdir(parents=True)
            program = str(folder / "program")
            wrong = _command(["go", "-C", str(EXAMPLES), "build", "-o", program, f"./{path.parent.name}"], variables)
            outcome.check(name, wrong or _command([program], variables, folder))


def _test() -> Outcome:
    """Runs every test with the race detector, which also checks conversions of pointers; those of memory without it."""
    log = LOGS / "golang.log"
    log.unlink(missing_ok=True)
    variables = {**library_variables(), **conformance_variables("golang"), **VARIABLES}
    outcome = _run(["-race", "./..."], variables, log)
    log = LOGS / "golang-memory.log"
    log.unlink(missing_ok=True)
    outcome += _run(["-run", "^TestNothingLeaks$", "."], {**library_variables(), **VARIABLES}, log)
    return outcome


def _run(arguments: Sequence[str], variables: Mapping[str, str], log: Path) -> Outcome:
    command = ["go", "test", "-json", "-count=1", f"-timeout={LANE_SECONDS}s", *arguments]
    code = run_logged(command, log, cwd=HERE, variables=variables, progress=_name, timeout=LANE_SECONDS)
    outcome = read_events(log.read_text(encoding="utf-8", errors="replace").splitlines())
    if code and not outcome.failed:
        outcome.failed.append(("go test", f"ended with {code}:\n{tail(log, 40)}"))
    return outcome


def _name(line: str) -> str | None:
    """What to show while the tests run."""
    return next((str(event["Test"]) for event in _events([line]) if event.get("Action") == "run"), None)


def _events(lines: Sequence[str]) -> Iterator[Mapping[str, object]]:
    for line in lines:
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                continue


def read_events(lines: Sequence[str]) -> Outcome:
    """What `go test -json` tells of each test. One that has others within counts only if it fails by itself."""
    outcome = Outcome()
    said: dict[str, list[str]] = {}
    parents: set[str] = set()
    for event in _events(lines):
        name, action = str(event.get("Test", event.get("Package", "?"))), event.get("Action")
        if action == "run" and "/" in name:
            parents.add(name.rpartition("/")[0])
        if action in ("output", "build-output"):
            said.setdefault(name, []).append(str(event["Output"]))
        text = "".join(said.get(name, [])).strip()
        if action == "fail" and ("Test" in event or not outcome.failed):
            outcome.failed.append((name, text[-4000:]))
        elif action == "build-fail":
            outcome.failed.append((str(event.get("ImportPath", "go build")), "".join(map("".join, said.values()))))
        elif action == "skip" and "Test" in event:
            outcome.skipped.append((name, _reason(text)))
        elif action == "pass" and "Test" in event and name not in parents:
            outcome.passed += 1
    if not (outcome.passed or outcome.failed):
        outcome.failed.append(("go test", "no test was run"))
    return outcome


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if re.match(r"\s+\w+\.go:\d+: ", line)]
    return lines[-1].split(": ", 1)[1] if lines else "no reason given"


LANES = {
    "golang": Lane(
        "the Go binding",
        _golang,
        tools=[*BUILD_TOOLS, GO],
        python=True,
        model=True,
        venv=_fetch,
        minutes=4,
        place=50,
        beside=True,
    )
}
