"""`make bench`: builds the library and llama.cpp's own tools alike, and hands them to the benchmark.

--install-peers first puts llama-cpp-python, which compiles for many minutes, node-llama-cpp and llguidance into
build/peers; what is there is measured too. All other arguments go on to gpt4all-bindings/benchmarks/bench.py; `--help`
lists them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ci.bench_streams import stream_workers
from ci.build import build, directory, expected
from ci.common import BUILD, ROOT, NoNetwork, run_main, say
from ci.fetch.default_model import fetch
from ci.setup import BUILD_TOOLS, ensure_other_venv, ensure_tools, ensure_venv
from ci.steps import Steps, run_logged, tail
from ci.testing.runners import library_variables

BENCHMARK = ROOT / "gpt4all-bindings" / "benchmarks"
SERVER = ROOT / "gpt4all-bindings" / "python" / "tests" / "server" / "requirements.txt"
REQUIREMENTS = ROOT / "ci" / "requirements-bench.txt"
PLOT_VENV = BUILD / "venv-bench"
PEERS = BUILD / "peers"
LOG = BUILD / "logs" / "bench.log"
LLAMA_CPP_PYTHON, NODE_LLAMA_CPP = "llama-cpp-python[server]==0.3.36", "node-llama-cpp@3.22.1"
# Its release ends in a segmentation fault where it uses AMX.
WITHOUT_AMX = [
    f"--config-settings=cmake.define.GGML_{name}"
    for name in ("NATIVE=OFF", "AVX512=ON", "AVX512_VBMI=ON", "AVX512_VNNI=ON", "AVX512_BF16=ON")
]
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
    """llama-cpp-python from source, as PyPI has it, and node-llama-cpp with the binaries that npm has."""
    ensure_tools([*BUILD_TOOLS, "npm"])
    node = PEERS / "node"
    node.mkdir(parents=True, exist_ok=True)
    (node / "package.json").write_text('{"private": true}\n')
    _run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", NODE_LLAMA_CPP], node, "node-llama-cpp")
    without_amx = ["--no-cache-dir", *WITHOUT_AMX] if "amx_tile" in Path("/proc/cpuinfo").read_text() else []
    _make_venv(PEERS / "python", [LLAMA_CPP_PYTHON, *without_amx], "llama-cpp-python")
    _make_venv(PEERS / "schemas", [LLGUIDANCE], "llguidance")


def installed_peers() -> list[str]:
    """Arguments for what lies in build/peers."""
    arguments = []
    python, node = PEERS / "python" / "bin" / "python", PEERS / "node"
    if any((PEERS / "python").glob("lib/python3*/site-packages/llama_cpp")):
        arguments += ["--llama-cpp-python", str(python)]
    if (node / "node_modules" / "node-llama-cpp").is_dir() and shutil.which("node"):
        arguments += ["--node-llama-cpp", str(node)]
    if any((PEERS / "schemas").glob("lib/python3*/site-packages/llguidance")):
        arguments += ["--llguidance", str(PEERS / "schemas" / "bin" / "python")]
    return arguments


def main() -> int:
    """Takes --install-peers for itself."""
    given = sys.argv[1:]
    peers = "--install-peers" in given
    given = [argument for argument in given if argument != "--install-peers"]
    steps = Steps(7 if peers else 6)
    with steps.step("Python packages in build/venv, build/venv-bench and build/venv-server"):
        python = ensure_venv()
        server = ensure_other_venv("venv-server", SERVER, "what the server needs")
        plot_python = ensure_plot_python()
    with steps.step("libllmodel", expected("release")):
        build(
            "release",
            [
                "llmodel",
                "llmodel_bench",
                "llmodel_bench_streams",
                "llmodel_bench_products",
                "llmodel_bench_schemas",
            ],
        )
    with steps.step("llama-bench and llama-server, with ggml's kernels", expected("ggml")):
        build("ggml", ["llama-bench", "llama-server"])
    if peers:
        with steps.step("llama-cpp-python, node-llama-cpp and llguidance", "10 to 20 minutes on two cores"):
            install_peers()
    with steps.step("default model"):
        model = fetch()
    with steps.step("programs in TypeScript, Go and Java"):
        workers = stream_workers()
    if not (found := installed_peers()):
        say("      no other SDKs in build/peers: python3 -m ci.bench --install-peers puts two of them there")
    with steps.step("measuring", "about 60 minutes; leave the machine alone"):
        command = [str(python), str(BENCHMARK / "bench.py"), "--model", str(model), "--plot-python", str(plot_python)]
        command += ["--binaries", str(directory("release") / "bin"), "--llama-cpp", str(directory("ggml") / "bin")]
        command += ["--stream-workers", workers]
        command += ["--server", str(server)]
        command += [*found, *given]
        return subprocess.run(command, env={**os.environ, **library_variables()}, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_main("make bench", main))
