"""The lane of the TypeScript binding: formatter, linter, compilers and tests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ci.build import build, directory
from ci.common import BUILD, ROOT, Failure, MissingTool, NoNetwork, cache_root, file_lock, say
from ci.documentation.stand_ins import fill
from ci.packaging.typescript_check import check_installation
from ci.setup import BUILD_TOOLS, Tool
from ci.steps import Line, run_logged, tail
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
EXAMPLES = ROOT / "docs" / "examples" / "typescript"
MODEL = cache_root() / "models" / "SmolLM2-135M-Instruct-Q4_1.gguf"
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
    # node-gyp compiles with what CXX says
    cached = {"CXX": f"ccache {os.environ.get('CXX', 'c++')}"} if shutil.which("ccache") else {}
    variables = {**library_variables(), **cached}
    code = run_logged(command, log, cwd=HERE, variables=variables, progress=last_word, timeout=LANE_SECONDS)
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
    style = ["--config", ".prettierrc.json", "--ignore-path", "", "--check", str(EXAMPLES)]
    _step(outcome, "prettier of the documentation", ["node", f"{bin_}/prettier", *style])
    _step(outcome, "publint", ["node", f"{bin_}/publint", "--strict", "."])
    # node16: every Node that is supported knows "exports", without which gpt4all/ai cannot be found
    _step(outcome, "attw", ["node", f"{bin_}/attw", "--pack", ".", "--profile", "node16"])
    _examples(outcome)
    Line().show("installing the npm packages into empty projects")
    check_installation(outcome, directory("release") / "bin")
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


def _examples(outcome: Outcome) -> None:
    """Compiles and runs the programs of the README and of the documentation with the packed package."""
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```typescript\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    outcome.check("the README has an example", "" if blocks else "it has no ```typescript")
    programs = {f"the README's example {number}": block for number, block in enumerate(blocks, 1)}
    for path in sorted(EXAMPLES.glob("*.ts")):
        programs[f"docs/examples/typescript/{path.name}"] = path.read_text(encoding="utf-8")
    if not MODEL.is_file():
        outcome.skipped += [(name, f"{MODEL} is not there") for name in programs]
        return
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        if wrong := _empty_project(project):
            outcome.check("the package is packed", wrong)
            return
        fill(project / "cache" / "models", MODEL)
        compiled = _compiled(project, list(programs.values()))
        for (name, _), (program, wrong) in zip(programs.items(), compiled, strict=True):
            outcome.check(f"{name} compiles and runs", wrong or _runs(project, program))


def _run(command: Sequence[str | Path], folder: Path, **variables: str) -> tuple[str, str]:
    """Returns what it printed, and what went wrong."""
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=LANE_SECONDS
    )
    wrong = f"{done.returncode}\n{done.stdout}\n{done.stderr}" if done.returncode or done.stderr else ""
    return done.stdout, wrong


def _empty_project(project: Path) -> str:
    """A project in which the package is installed, with what it depends on. Returns what went wrong."""
    modules = project / "node_modules"
    modules.mkdir()
    _, wrong = _run(["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", project], HERE)
    if wrong:
        return wrong
    (archive,) = project.glob("gpt4all-*.tgz")
    _, wrong = _run(["tar", "-xzf", archive], project)
    package = (project / "package").rename(modules / "gpt4all")
    needed = json.loads((package / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name in [*needed, "zod"]:  # which users bring along
        (modules / name).symlink_to(HERE / "node_modules" / name)
    addon = Path("build", "Release", "gpt4all.node")
    (package / addon).parent.mkdir(parents=True)
    shutil.copy(HERE / addon, package / addon)
    (project / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return wrong


def _compiled(project: Path, programs: Sequence[str]) -> list[tuple[str, str]]:
    """Compiles programs there. Returns the name of what each has become, and what went wrong with it."""
    names = [f"program{number}" for number in range(len(programs))]
    for name, code in zip(names, programs, strict=True):
        (project / f"{name}.ts").write_text(code, encoding="utf-8")
    options = ["--strict", "--module", "node16", "--target", "es2022", "--types", "node", "--pretty", "false"]
    types = ["--typeRoots", str(HERE / "node_modules" / "@types")]
    compiler = str(HERE / "node_modules" / ".bin" / "tsc")
    printed, wrong = _run(["node", compiler, *options, *types, *(f"{name}.ts" for name in names)], project)
    told = {name: "\n".join(re.findall(rf"^{name}\.ts\(.*", printed, re.MULTILINE)) for name in names}
    nowhere = wrong if not any(told.values()) else ""
    return [(f"{name}.js", told[name] or nowhere) for name in names]


def _runs(project: Path, program: str) -> str:
    """Runs a program there. Returns what went wrong."""
    variables = {**library_variables(), "GPT4ALL_CACHE": str(project / "cache")}
    printed, wrong = _run(["node", program], project, **variables)
    return wrong or ("" if len(printed) >= 20 else f"it printed only {printed!r}")


NODE = Tool("nodejs", _has_node, by_hand=f"there is no Node {NEEDED} or newer with npm; install it")
LANES = {
    "typescript": Lane(
        "the TypeScript binding",
        _typescript,
        tools=[*BUILD_TOOLS, NODE],
        python=True,
        model=True,
        venv=ensure_packages,
        minutes=5,
        place=56,
        beside=True,
    )
}
