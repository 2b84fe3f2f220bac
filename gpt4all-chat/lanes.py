"""The lane of the application's front end: formatter, linter, types, unit tests, the build, and flows in Chromium."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ci.common import BUILD, Failure, MissingTool, NoNetwork, file_lock, say
from ci.setup import Tool, ensure_tools
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome, read_junit
from ci.testing.runners import LANE_SECONDS, LOGS, REPORTS, last_word

HERE = Path(__file__).resolve().parent
NEEDED = (20, 19)  # the oldest Node that Vite supports
BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
UNREACHABLE = re.compile(r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network|code E\d{3}")


def has_node() -> bool:
    """Whether Node and npm are there, and new enough."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= NEEDED


def ensure_packages() -> None:
    """Installs what package-lock.json names. Raises NoNetwork if it cannot be had."""
    names = ("package.json", "package-lock.json")
    wanted = hashlib.sha256(b"".join(HERE.joinpath(name).read_bytes() for name in names)).hexdigest()
    stamp = HERE / "node_modules" / ".installed"
    with file_lock(BUILD / ".chat.lock", "the npm packages of the front end"):
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        say("      installing npm packages")
        log = LOGS / "chat-packages.log"
        log.unlink(missing_ok=True)
        if run_logged(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], log, cwd=HERE) != 0:
            text = f"npm could not install what the front end needs; the end of {log}:\n{tail(log, 6)}"
            raise NoNetwork(text) if UNREACHABLE.search(tail(log, 40)) else Failure(text)
        stamp.write_text(wanted, encoding="ascii")


def _prepare() -> None:
    ensure_packages()
    if not any(map(shutil.which, BROWSERS)):
        try:
            ensure_tools(["chromium"])
        except (MissingTool, NoNetwork) as failure:
            say(f"      without the flows: {failure}")


def _step(outcome: Outcome, name: str, command: Sequence[str]) -> bool:
    log = LOGS / f"chat-{name.split()[0]}.log"
    log.unlink(missing_ok=True)
    code = run_logged(command, log, cwd=HERE, variables=_variables(), progress=last_word, timeout=LANE_SECONDS)
    outcome.check(name, tail(log, 40) if code else "")
    return code == 0


def _variables() -> dict[str, str]:
    # without colours, which a log does not show
    return {"NO_COLOR": "1", "FORCE_COLOR": "0", "CI": os.environ.get("CI", "")}


def _tests(project: str) -> Outcome:
    """Runs the tests of one project of vite.config.ts."""
    report, log = REPORTS / f"chat-{project}.xml", LOGS / f"chat-{project}.log"
    report.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    report.parent.mkdir(parents=True, exist_ok=True)
    command = ["node", "node_modules/vitest/vitest.mjs", "run", "--project", project, "--reporter=default"]
    command += ["--reporter=junit", f"--outputFile.junit={report}"]
    code = run_logged(command, log, cwd=HERE, variables=_variables(), progress=last_word, timeout=LANE_SECONDS)
    if not report.is_file():
        return Outcome(failed=[(project, f"vitest ended with {code} and no report:\n{tail(log)}")])
    outcome = read_junit(report)
    if code and not outcome.failed:
        outcome.failed.append((project, f"vitest ended with {code}:\n{tail(log, 20)}"))
    return outcome


def _chat(_: Settings) -> Outcome:
    outcome, bin_ = Outcome(), "node_modules/.bin"
    _step(outcome, "prettier", ["node", f"{bin_}/prettier", "--check", "."])
    _step(outcome, "eslint", ["node", f"{bin_}/eslint", "--max-warnings=0", "."])
    types = ["--fail-on-warnings", "--tsconfig", "./tsconfig.json"]
    _step(outcome, "svelte-check", ["node", f"{bin_}/svelte-check", *types])
    outcome += _tests("unit")
    if not _step(outcome, "vite builds the pages", ["node", f"{bin_}/vite", "build"]):
        return outcome
    if not any(map(shutil.which, BROWSERS)):
        outcome.skipped.append(("flows", "Chromium is not installed (Debian: chromium)"))
        return outcome
    outcome += _tests("flows")
    return outcome


NODE = Tool("nodejs", has_node, by_hand=f"there is no Node {NEEDED[0]}.{NEEDED[1]} or newer with npm; install it")
LANES = {
    "chat": Lane(
        "the front end of the application",
        _chat,
        tools=[NODE],
        venv=_prepare,
        minutes=6,
        place=57,
    )
}
