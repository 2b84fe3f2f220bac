"""The lane of the TypeScript binding: formatter, linter, compilers and tests."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ci.build import build
from ci.common import BUILD, Failure, MissingTool, NoNetwork, file_lock, say
from ci.setup import BUILD_TOOLS, Tool
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome, read_junit
from ci.testing.runners import (
    LANE_SECONDS,
    LOGS,
    REPORTS,
    conformance_variables,
    last_word,
    library_variables,
    processors,
)

HERE = Path(__file__).resolve().parent
NEEDED = 20  # the oldest Node that is supported
UNREACHABLE = re.compile(r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network|code E\d{3}")


def _has_node() -> bool:
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", done.stdout)
    return found is not None and int(found[1]) >= NEEDED


def _headers() -> bool:
    node = shutil.which("node")
    return node is not None and Path(node).resolve().parents[1].joinpath("include", "node", "node_api.h").is_file()


def ensure_packages() -> None:
    """Installs what package-lock.json names. Raises NoNetwork if it cannot be had."""
    if not _headers():
        raise MissingTool(
            "the headers of Node are not installed (Debian: libnode-dev), with which the addon is compiled"
        )
    names = ("package.json", "package-lock.json")
    wanted = hashlib.sha256(b"".join(HERE.joinpath(name).read_bytes() for name in names)).hexdigest()
    stamp = HERE / "node_modules" / ".installed"
    with file_lock(BUILD / ".typescript.lock", "the npm packages"):
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        say("      installing npm packages")
        log = LOGS / "typescript-packages.log"
        log.unlink(missing_ok=True)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        if run_logged(command, log, cwd=HERE) != 0:
            text = f"npm could not install what the TypeScript binding needs; the end of {log}:\n{tail(log, 6)}"
            raise NoNetwork(text) if UNREACHABLE.search(tail(log, 40)) else Failure(text)
        stamp.write_text(wanted, encoding="ascii")


def _step(outcome: Outcome, name: str, command: Sequence[str]) -> bool:
    log = LOGS / f"typescript-{command[1].split('/')[-1].removesuffix('.js')}.log"
    log.unlink(missing_ok=True)
    code = run_logged(command, log, cwd=HERE, variables=library_variables(), progress=last_word, timeout=LANE_SECONDS)
    outcome.check(name, tail(log, 40) if code else "")
    return code == 0


def _typescript(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    outcome, bin_ = Outcome(), "node_modules/.bin"
    compiled = _step(outcome, "the addon compiles", ["node", "scripts/build-native.js"])
    compiled = compiled and _step(outcome, "the package compiles", ["node", "scripts/build.js"])
    if not compiled or not _step(outcome, "the tests compile", ["node", f"{bin_}/tsc", "-p", "tests"]):
        return outcome
    _step(outcome, "prettier", ["node", f"{bin_}/prettier", "--check", "."])
    _step(outcome, "eslint", ["node", f"{bin_}/eslint", "--max-warnings=0", "."])
    report, log = REPORTS / "typescript.xml", LOGS / "typescript.log"
    report.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    report.parent.mkdir(parents=True, exist_ok=True)
    reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
    reporters += ["--test-reporter=junit", f"--test-reporter-destination={report}"]
    tests = sorted(str(path) for path in HERE.glob("dist-tests/*.test.js"))
    command = ["node", "--test", f"--test-concurrency={processors()}", *reporters, *tests]
    variables = {**library_variables(), **conformance_variables("typescript")}
    code = run_logged(command, log, cwd=HERE, variables=variables, progress=last_word, timeout=LANE_SECONDS)
    if not report.is_file():
        return Outcome(failed=[("typescript", f"node ended with {code} and no report:\n{tail(log)}")])
    outcome += read_junit(report)
    if code and not outcome.failed:
        outcome.failed.append(("typescript", f"node ended with {code}:\n{tail(log, 20)}"))
    return outcome


NODE = Tool("nodejs", _has_node, by_hand=f"there is no Node {NEEDED} or newer with npm; install it")
LANES = {
    "typescript": Lane(
        "the TypeScript binding",
        _typescript,
        tools=[*BUILD_TOOLS, NODE],
        python=True,
        model=True,
        venv=ensure_packages,
        minutes=4,
        place=60,
        beside=True,
    )
}
