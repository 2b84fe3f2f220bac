"""Fetches llama.cpp, configures, compiles: `python3 -m ci.build release llmodel`. Does nothing that is done already."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.common import BUILD, ROOT, Failure, MissingTool, file_lock, in_words, run_main, say, sha256_of
from ci.setup import BUILD_TOOLS, ensure_tools
from ci.steps import ninja_progress, remember, remembered, run_logged, tail

LLAMA_CPP = BUILD / "llama.cpp"
PRESETS_FILE = ROOT / "CMakePresets.json"
BUILT = ".built"  # left in a build folder once something has been built there


@dataclass(frozen=True)
class Preset:
    """What CMakePresets.json says of one way to build, in build/<its name>, besides what it says to CMake.

    tools: names in ci.setup.TOOLS of what it needs that the others do not.
    minutes: how long it takes the first time, on two cores.
    """

    tools: Sequence[str]
    minutes: int


def read_presets() -> Mapping[str, Preset]:
    """The presets of CMakePresets.json that are not hidden, by name."""
    written = json.loads(PRESETS_FILE.read_text(encoding="utf-8"))["configurePresets"]
    told = {each["name"]: each["vendor"]["gpt4all/ci"] for each in written if not each.get("hidden")}
    return {name: Preset(tuple(each.get("tools", ())), each["minutes"]) for name, each in told.items()}


PRESETS = read_presets()
CLANG_TOOLS = (*BUILD_TOOLS, "clang", "clang-rt", "lld")


def ccache_variables() -> dict[str, str]:
    """Lets a clone in another folder be compiled from what this one left in the user's cache."""
    return {"CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1", "NINJA_STATUS": "[%f/%t] "}


def directory(name: str) -> Path:
    """The build folder of a preset."""
    return BUILD / name


def fetch_source() -> None:
    """Lays the pinned llama.cpp into build/llama.cpp, installing npm if that is the only way to get it."""
    command = [sys.executable, "-m", "ci.fetch.llama_cpp", "--into", str(LLAMA_CPP)]
    first = subprocess.run(command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    code = first.returncode
    if code == MissingTool.exit_code and not shutil.which("npm"):
        ensure_tools(["npm"])
        code = subprocess.run(command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL).returncode
    else:
        sys.stderr.buffer.write(first.stderr)
    if code != 0:
        failure = Failure("llama.cpp could not be fetched; the lines above say why")
        failure.exit_code = code
        raise failure


def _configure(name: str, log: Path) -> None:
    folder = directory(name)
    options = ["--preset", name]
    if shutil.which("ccache"):
        options += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    record = folder / ".configured.json"
    wanted = [*options, sha256_of(PRESETS_FILE)]
    done = json.loads(record.read_text()) if record.is_file() else None
    if done == wanted and (folder / "build.ninja").is_file():
        return  # ninja itself runs CMake again when one of CMake's files has changed
    say(f"      configuring build/{name}")
    # --fresh forgets what an older preset set, and compiles nothing again whose command stays the same
    if run_logged(["cmake", "--fresh", *options], log, cwd=ROOT, variables=ccache_variables()) != 0:
        raise Failure(f"CMake failed; the end of {log}:\n{tail(log)}")
    record.write_text(json.dumps(wanted))


def _first_errors(log: Path) -> str:
    """From the first failed command of a ninja run on, at most 60 lines."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("FAILED:")), max(0, len(lines) - 40))
    return "\n".join(lines[start : start + 60])


def expected(name: str) -> str:
    """How long a build is likely to take, in words."""
    if (directory(name) / BUILT).is_file():
        return ""
    last = remembered(f"build-{name}")
    minutes = f"about {PRESETS[name].minutes} minutes on two cores"
    return f"about {in_words(last)} last time" if last else f"{minutes} the first time, seconds later"


def _log_of(name: str) -> Path:
    log = BUILD / "logs" / f"build-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def configure(name: str) -> None:
    """Writes a preset's build.ninja and compile_commands.json; raises Failure."""
    ensure_tools([*BUILD_TOOLS, *PRESETS[name].tools])
    fetch_source()
    with file_lock(BUILD / f".{name}.lock", f"or building build/{name}"):
        log = _log_of(name)
        _configure(name, log)
        # new sources are in neither file before CMake has looked again
        if run_logged(["ninja", "-C", str(directory(name)), "build.ninja"], log, cwd=ROOT) != 0:
            raise Failure(f"CMake failed; the end of {log}:\n{tail(log)}")


def build(name: str, targets: Sequence[str]) -> None:
    """Builds targets of a preset; raises Failure with the compiler's first errors."""
    ensure_tools([*BUILD_TOOLS, *PRESETS[name].tools])
    fetch_source()
    log = _log_of(name)
    with file_lock(BUILD / f".{name}.lock", f"or building build/{name}"):
        log.write_text("")
        _configure(name, log)
        start = time.monotonic()
        command = ["ninja", "-C", str(directory(name)), *(["-k", "0"] if os.environ.get("CI") else []), *targets]
        if run_logged(command, log, cwd=ROOT, variables=ccache_variables(), progress=ninja_progress()) != 0:
            raise Failure(f"build/{name} could not be compiled; all of it is in {log}:\n{_first_errors(log)}")
        (directory(name) / BUILT).touch()
        took = time.monotonic() - start
        if took > 30:
            remember(f"build-{name}", took)


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", choices=PRESETS, nargs="?", default="release")
    parser.add_argument("targets", nargs="*", help="CMake targets; everything if none is named")
    arguments = parser.parse_args()
    say(f"building build/{arguments.preset}" + (f" ({text})" if (text := expected(arguments.preset)) else ""))
    build(arguments.preset, arguments.targets)
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.build", main))
