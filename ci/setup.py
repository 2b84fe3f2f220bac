"""Installs what the build and the tests need and this machine lacks, on Debian 12 and its relatives.

System packages come with apt-get, as root or through sudo; Python packages go into build/venv, nowhere else. Nothing is
asked of a network if nothing is missing.
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.common import BUILD, ROOT, VENV, VENV_PYTHON, Failure, MissingTool, NoNetwork, file_lock, run_main, say
from ci.python_packages import pip_install, uv_install
from ci.steps import run_logged, tail

REQUIREMENTS = ROOT / "ci" / "requirements.txt"
UV = VENV / "bin" / "uv"
LOG = BUILD / "logs" / "setup.log"


def _program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


def _file(*patterns: str) -> Callable[[], bool]:
    return lambda: any(glob.glob(pattern) for pattern in patterns)


def _venv_module() -> bool:
    done = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return done.returncode == 0 or VENV_PYTHON.exists()


@dataclass(frozen=True)
class Tool:
    """Something that must be on the machine.

    package: Debian's name for it; empty if Debian has none.
    present: whether it is there.
    by_hand: how to install what Debian does not have.
    """

    package: str
    present: Callable[[], bool]
    by_hand: str = ""


TOOLS: Mapping[str, Tool] = {
    "g++": Tool("g++", _program("c++", "g++")),
    "cmake": Tool("cmake", _program("cmake")),
    "ninja": Tool("ninja-build", _program("ninja")),
    "ccache": Tool("ccache", _program("ccache")),
    "git": Tool("git", _program("git")),
    "venv": Tool("python3-venv", _venv_module),
    "npm": Tool("npm", _program("npm")),
    "gtest": Tool("libgtest-dev", _file("/usr/include/gtest/gtest.h", "/usr/local/include/gtest/gtest.h")),
    "gmock": Tool("libgmock-dev", _file("/usr/include/gmock/gmock.h", "/usr/local/include/gmock/gmock.h")),
    "clang": Tool("clang-14", _program("clang++-14")),
    "clang-rt": Tool("libclang-rt-14-dev", _file("/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a")),
    "lld": Tool("lld", _program("ld.lld", "ld.lld-14")),
    "clang-format": Tool("clang-format-14", _program("clang-format-14")),
    "clang-tidy": Tool("clang-tidy-14", _program("clang-tidy-14")),
    "chromium": Tool("chromium-headless-shell", _program("chromium-headless-shell", "chromium")),
    "g++-arm64": Tool("g++-12-aarch64-linux-gnu", _program("aarch64-linux-gnu-g++-12")),
    "qemu-arm64": Tool("qemu-user", _program("qemu-aarch64")),
    "qemu": Tool("qemu-user", _program("qemu-x86_64")),
}
# GoogleTest is small, and a build that is configured without it would have to be configured again for the tests
BUILD_TOOLS = ("g++", "cmake", "ninja", "ccache", "git", "gtest", "gmock")


def missing(names: Iterable[str]) -> list[str]:
    """Which of the tools are not on this machine."""
    return [name for name in names if not TOOLS[name].present()]


def _absent(wanted: Iterable[str | Tool]) -> list[Tool]:
    tools = [TOOLS[each] if isinstance(each, str) else each for each in wanted]
    return [tool for tool in tools if not tool.present()]


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    if sys.stdin.isatty():
        return ["sudo"]
    probe = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if probe.returncode == 0 else None


def ensure_tools(wanted: Iterable[str | Tool]) -> None:
    """Installs those of the tools that are missing; raises MissingTool or NoNetwork with what is left to do by hand."""
    tools = list(wanted)
    if not _absent(tools):
        return
    with file_lock(BUILD / ".tools.lock", "tools"):
        _install(_absent(tools))


def _install(absent: Sequence[Tool]) -> None:
    if not absent:
        return
    if unknown := [tool.by_hand for tool in absent if not tool.package]:
        raise MissingTool("; ".join(unknown))
    packages = [tool.package for tool in absent]
    listed = " ".join(packages)
    by_hand = f"install {listed} (on Debian or Ubuntu: apt-get install {listed}) and try again"
    if not shutil.which("apt-get"):
        raise MissingTool(f"this machine has no apt-get; {by_hand}")
    prefix = _as_root()
    if prefix is None:
        raise MissingTool(f"installing needs root or sudo; as root, {by_hand}")
    say(f"      installing {listed}")
    if prefix == ["sudo"]:
        subprocess.run(["sudo", "-v"], check=False)  # asks for the password before output goes to the log
    environment = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    if run_logged([*environment, "update"], LOG, cwd=ROOT) != 0:
        say(f"      apt-get update failed (see {LOG}); trying with the package lists that are there")
    if run_logged([*environment, "install", "-y", "--no-install-recommends", *packages], LOG, cwd=ROOT) != 0:
        raise NoNetwork(f"apt-get could not install {listed}; {by_hand}. The end of {LOG}:\n{tail(LOG, 8)}")
    if still := [tool.package for tool in _absent(absent)]:
        raise MissingTool(f"apt-get installed {listed}, but {', '.join(still)} still cannot be found")


def _pins(names: Iterable[str]) -> list[str]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.split("==")[0] in names]


def _digest(names: Iterable[str] | None) -> str:
    wanted = REQUIREMENTS.read_text(encoding="utf-8") if names is None else "\n".join(_pins(names))
    return hashlib.sha256(f"{sys.version_info[:2]}\n{wanted}".encode()).hexdigest()


def _installed(group: str, names: Iterable[str] | None) -> bool:
    stamp = VENV / f".installed-{group}"
    return stamp.is_file() and stamp.read_text() == _digest(names) and VENV_PYTHON.exists()


def ensure_venv(names: Iterable[str] | None = None) -> Path:
    """Makes build/venv with the packages named, or all of requirements.txt, and returns its Python.

    Raises MissingTool, or NoNetwork if a package cannot be downloaded.
    """
    group = "all" if names is None else "-".join(sorted(names))
    if _installed("all", None) or _installed(group, names):
        return VENV_PYTHON
    with file_lock(BUILD / ".venv.lock", "the Python tools"):
        if _installed(group, names):  # by now, by another lane
            return VENV_PYTHON
        if not _works(VENV_PYTHON):
            ensure_tools(["venv"])
            shutil.rmtree(VENV, ignore_errors=True)
            if run_logged([sys.executable, "-m", "venv", str(VENV)], LOG, cwd=ROOT) != 0:
                raise Failure(f"build/venv could not be made; the end of {LOG}:\n{tail(LOG, 8)}")
        pins = _pins(["uv"] if names is None else names)
        say("      installing Python packages into build/venv" + (f": {' '.join(pins)}" if names else ""))
        pip_install(VENV_PYTHON, pins, LOG)
        if names is None:
            uv_install(UV, VENV_PYTHON, ["-r", str(REQUIREMENTS)], LOG)
        (VENV / f".installed-{group}").write_text(_digest(names))
    return VENV_PYTHON


def ensure_other_venv(name: str, requirements: Path, what: str, *options: str) -> Path:
    """Makes build/<name> with the packages of a file, for what must not meet our own, and returns its Python.

    what: to be said while it is installed. options: of `uv pip install`. It has no pip, if the file does not name it.

    Raises MissingTool, or NoNetwork if a package cannot be downloaded.
    """
    folder, log = BUILD / name, BUILD / "logs" / f"{name}.log"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    wanted = hashlib.sha256(f"{sys.version_info[:2]}\n{requirements.read_text(encoding='utf-8')}".encode()).hexdigest()
    with file_lock(BUILD / f".{name}.lock", what):
        if stamp.is_file() and stamp.read_text() == wanted and python.exists():
            return python
        say(f"      installing {what} into build/{name}")
        ensure_venv(["uv"])
        if run_logged([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], log, cwd=ROOT) != 0:
            raise Failure(f"{folder} could not be made; the end of {log}:\n{tail(log, 8)}")
        uv_install(UV, python, [*options, "-r", str(requirements)], log)
        stamp.write_text(wanted)
    return python


def _works(python: Path) -> bool:
    """Whether a virtual environment is whole: it breaks when it is moved or the system's Python is renewed."""
    if not python.exists():
        return False
    done = subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and str(VENV) in done.stdout


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="say what is missing and install nothing")
    parser.add_argument(
        "--only", choices=("build", "all"), default="all", help="tools of the build, or of the tests too"
    )
    arguments = parser.parse_args()
    names = [*BUILD_TOOLS, "venv"] if arguments.only == "build" else [name for name in TOOLS if name != "npm"]
    if arguments.check:
        absent = missing(names)
        for name in absent:
            print(f"missing: {name} (Debian: {TOOLS[name].package})")
        return 5 if absent else 0
    ensure_tools(names)
    ensure_venv(None if arguments.only == "all" else ["cffi", "typer"])
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.setup", main))
