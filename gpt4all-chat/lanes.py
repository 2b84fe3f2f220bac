"""The lanes of the application's front end: formatter, linter, types, unit tests, the build, and flows in Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from ci.build import build
from ci.common import BUILD, ROOT, MissingTool, NoNetwork, say
from ci.fetch.default_model import model_path
from ci.front_end import FRONT_END, NODE, build_front_end, ensure_packages
from ci.setup import BUILD_TOOLS, ensure_other_venv, ensure_tools
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome, read_junit
from ci.testing.runners import LANE_SECONDS, LOGS, REPORTS, last_word

PYTHON_BINDING = ROOT / "gpt4all-bindings" / "python"
REQUIREMENTS = PYTHON_BINDING / "tests" / "app" / "requirements.txt"
OF_DOCUMENTS = "tests/flows/real-documents.test.ts"
REAL = ("tests/flows/real.test.ts", OF_DOCUMENTS)
SPEED = "tests/flows/speed.test.ts"
NO_BROWSER = "Chromium is not installed (Debian: chromium)"
BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")


def _prepare() -> None:
    ensure_packages()
    if not any(map(shutil.which, BROWSERS)):
        try:
            ensure_tools(["chromium"])
        except (MissingTool, NoNetwork) as failure:
            say(f"      without the flows: {failure}")
    try:
        ensure_other_venv("venv-app", REQUIREMENTS, "the chat application's packages")
    except (MissingTool, NoNetwork) as failure:
        say(f"      without the flows of the real application: {failure}")


def _step(outcome: Outcome, name: str, command: Sequence[str]) -> bool:
    log = LOGS / f"chat-{name.split()[0]}.log"
    log.unlink(missing_ok=True)
    code = run_logged(command, log, cwd=FRONT_END, variables=_variables(), progress=last_word, timeout=LANE_SECONDS)
    outcome.check(name, tail(log, 40) if code else "")
    return code == 0


def _variables() -> dict[str, str]:
    # without colours, which a log does not show
    return {"NO_COLOR": "1", "FORCE_COLOR": "0", "CI": os.environ.get("CI", ""), **_application()}


def _application() -> dict[str, str]:
    """What the flows of the real application need; nothing if some of it is not here."""
    python, library = BUILD / "venv-app" / "bin" / "python", BUILD / "release" / "bin" / "libllmodel.so"
    if not (python.is_file() and library.is_file() and model_path().is_file()):
        return {}
    return {"GPT4ALL_TEST_PYTHON": str(python), "GPT4ALL_LIBRARY": str(library), "PYTHONPATH": str(PYTHON_BINDING)}


def _tests(project: str, *options: str, name: str = "") -> Outcome:
    """Runs the tests of one project of vite.config.ts; `name` is what the report is called, if not as the project."""
    name = name or project
    report, log = REPORTS / f"chat-{name}.xml", LOGS / f"chat-{name}.log"
    report.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    report.parent.mkdir(parents=True, exist_ok=True)
    command = ["node", "node_modules/vitest/vitest.mjs", "run", "--project", project, "--reporter=default"]
    command += ["--reporter=junit", f"--outputFile.junit={report}", *options]
    code = run_logged(command, log, cwd=FRONT_END, variables=_variables(), progress=last_word, timeout=LANE_SECONDS)
    if not report.is_file():
        return Outcome(failed=[(name, f"vitest ended with {code} and no report:\n{tail(log)}")])
    outcome = read_junit(report)
    if code and not outcome.failed:
        outcome.failed.append((name, f"vitest ended with {code}:\n{tail(log, 20)}"))
    return outcome


def _left_out() -> dict[str, str]:
    """The files of flows that lack something here, and what."""
    if not _application():
        return dict.fromkeys(REAL, "the application's Python packages, or the default model, are not here")
    if not any(model_path().parent.glob("all-MiniLM-L6-v2*.gguf")):
        return {OF_DOCUMENTS: "all-MiniLM-L6-v2 is not here; `gpt4all pull all-MiniLM-L6-v2` fetches it"}
    return {}


def _chat(_: Settings) -> Outcome:
    outcome, bin_ = Outcome(), "node_modules/.bin"
    _step(outcome, "prettier", ["node", f"{bin_}/prettier", "--check", "."])
    _step(outcome, "eslint", ["node", f"{bin_}/eslint", "--max-warnings=0", "."])
    types = ["--fail-on-warnings", "--tsconfig", "./tsconfig.json"]
    _step(outcome, "svelte-check", ["node", f"{bin_}/svelte-check", *types])
    types = ["openapi.json", "--default-non-nullable=false", "--output", "src/api/schema.d.ts", "--check"]
    _step(outcome, "types of the API", ["node", f"{bin_}/openapi-typescript", *types])
    outcome += _tests("unit")
    build_front_end()
    if not any(map(shutil.which, BROWSERS)):
        outcome.skipped.append(("flows", NO_BROWSER))
        return outcome
    build("release", ["llmodel"])
    left_out = _left_out()
    outcome.skipped += left_out.items()
    outcome += _tests("flows", *(f"--exclude={name}" for name in (SPEED, *left_out)))
    return outcome


def _speed(_: Settings) -> Outcome:
    build_front_end()
    if not any(map(shutil.which, BROWSERS)):
        return Outcome(skipped=[("speed", NO_BROWSER)])
    return _tests("flows", SPEED, name="speed")


LANES = {
    "chat": Lane(
        "the front end of the application",
        _chat,
        tools=[NODE, *BUILD_TOOLS],
        model=True,
        venv=_prepare,
        minutes=6,
        place=57,
        beside=True,
    ),
    # alone: it measures
    "chat-speed": Lane("how fast the application's pages are", _speed, tools=[NODE], venv=_prepare, place=167),
}
