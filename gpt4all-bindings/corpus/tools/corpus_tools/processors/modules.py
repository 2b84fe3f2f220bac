"""The CPU modules of a library with all of them, and how each can be run here: as it is, or with an emulator.

Usage: python -m corpus_tools.processors.modules (prints that)
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gpt4all import devices

LACKING = "this processor lacks instructions that it needs"
# The oldest processor that a module is for, as qemu calls it. Its emulation refuses what that processor lacks, but has
# no AVX-512 and no AVX-VNNI.
OLDEST = {
    "x64": "Opteron_G1,-sse3",
    "sse42": "Nehalem",
    "sandybridge": "SandyBridge",
    "ivybridge": "IvyBridge",
    "piledriver": "Opteron_G5",
    "haswell": "Haswell",
}
# Modules that use AMX, and what else they need of a processor on which AMX is emulated.
WITH_AMX = ("sapphirerapids",)
BESIDE_AMX = frozenset(("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"))
BESIDE_AMX |= {"avx512vbmi", "avx512_vnni", "avx512_bf16"}
QEMU = "qemu-x86_64"


@dataclass(frozen=True)
class Module:
    """One of the library's modules for the processor."""

    name: str
    path: Path
    usable: bool  # as it says of this processor


def bin_folder() -> Path:
    """Where the library, its modules and the programs of the tests lie."""
    return Path(os.environ["GPT4ALL_LIBRARY"]).parent


@lru_cache
def modules() -> dict[str, Module]:
    """All of them, by name."""
    found = [
        Module(backend["variant"], Path(backend["path"]), backend.get("score", 1) > 0)
        for backend in devices()["backends"]
        if backend["name"] == "cpu" and "variant" in backend
    ]
    return {module.name: module for module in found}


@lru_cache
def _cpuinfo() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def processor() -> str:
    """This processor, in words."""
    known = _cpuinfo()
    numbers = ", ".join(f"{key} {known[key]}" for key in ("cpu family", "model", "stepping") if key in known)
    flags = set(known.get("flags", "").split())
    has = [name for name, flag in (("AVX2", "avx2"), ("AVX-512", "avx512f"), ("AMX", "amx_int8")) if flag in flags]
    return (
        f"{known.get('model name', platform.machine())} ({numbers}), with {', '.join(has) or 'none of AVX2 and later'}"
    )


def emulates_amx(module: Module) -> bool:
    """Whether all that the module lacks is AMX."""
    return module.name in WITH_AMX and not module.usable and set(_cpuinfo().get("flags", "").split()) >= BESIDE_AMX


def way(module: Module) -> str:
    """How the module is run, or why it is not."""
    how = "natively" if module.usable else "with AMX emulated" if emulates_amx(module) else f"not: {LACKING}"
    if module.name in OLDEST and shutil.which(QEMU):
        how += f", and by {QEMU} as {OLDEST[module.name]}"
    return how


def variables(module: Module) -> dict[str, str]:
    """The environment in which the library takes the module."""
    taken = {"GPT4ALL_CPU_MODULE": module.name}
    if emulates_amx(module):
        taken["LD_PRELOAD"] = str(bin_folder() / "libamx_emulator.so")
        taken["GPT4ALL_CPU_MODULE_UNCHECKED"] = "1"
    return taken


def run(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Runs a command, and returns what it printed, both streams together."""
    return subprocess.run(
        list(map(str, command)),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **(environment or {})},
        timeout=timeout,
    )


def by_qemu(module: Module, command: Sequence[str | Path]) -> list[str | Path]:
    """The command on the oldest processor that the module is for."""
    return [QEMU, "-cpu", OLDEST[module.name], *command]


def ending(done: subprocess.CompletedProcess[str]) -> str:
    """How a process ended, with the signal's name, and the last that it printed."""
    code = done.returncode
    how = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
    lines = [line for line in done.stdout.splitlines() if not re.match(r"qemu-\w+: warning", line)]
    return f"{how}; the last that it printed:\n" + "\n".join(lines[-25:])


def main() -> None:
    print(f"on {processor()}")
    for module in modules().values():
        print(f"{module.name}: {way(module)}")


if __name__ == "__main__":
    main()
