"""The sets of instructions by which weights' products are compared, each through a CPU module for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

AVX2, AVX512, AMX = "AVX2", "AVX-512", "AMX"
INTEL, AMD = MAKERS = ("Intel", "AMD")

_AVX2 = {"avx2", "fma", "f16c"}
_AVX512 = {*_AVX2, "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd", "avx512_vnni"}


@dataclass(frozen=True)
class InstructionSet:
    """modules: CPU modules that have it, best first, with what each needs of the processor, in Linux's words.
    limits: the program that measures what it allows."""

    modules: Mapping[str, Collection[str]]
    limits: str

    def module(self, flags: Container[str]) -> str | None:
        """The best module that a processor with these flags can run."""
        able = (name for name, needed in self.modules.items() if all(flag in flags for flag in needed))
        return next(able, None)


SETS = {
    AVX2: InstructionSet({"haswell": _AVX2}, "llmodel_bench_limits_avx2"),
    AVX512: InstructionSet(
        {"zen4": {*_AVX512, "avx512_bf16"}, "cascadelake": _AVX512},
        "llmodel_bench_limits_avx512",
    ),
    AMX: InstructionSet(
        {"sapphirerapids": {*_AVX512, "avx512_bf16", "amx_tile", "amx_int8"}},
        "llmodel_bench_limits_amx",
    ),
}

# One maker's processors do the same things at other speeds than another's.
KINDS = tuple((of_set, maker) for of_set in SETS for maker in MAKERS)


def question(of_set: str, maker: str) -> str:
    """Under which results.json has what was measured with a set of instructions on a maker's processor."""
    return f"weights with {of_set}, {maker}"


def maker(cpu: str) -> str:
    """Who makes a processor of this name."""
    return next((name for name in MAKERS if name in cpu), "another maker")


def modules(flags: Container[str]) -> dict[str, str]:
    """The sets that a processor with these flags has, each with the module that is compared."""
    found = {name: one.module(flags) for name, one in SETS.items()}
    return {name: module for name, module in found.items() if module}


def native(found: Iterable[str]) -> str | None:
    """The one that others have which are built for this machine: none of them uses AMX."""
    return next((name for name in reversed(list(found)) if name != AMX), None)


def programs_with(module: str, folder: Path) -> Path:
    """A folder in which llama.cpp's programs find this module alone. folder: the one that has all of them."""
    alone = folder.parent / module
    alone.mkdir(exist_ok=True)
    for name in ("llama-bench", "llama-server", f"libggml-cpu-{module}.so"):
        (alone / name).unlink(missing_ok=True)
        try:
            os.link(folder / name, alone / name)
        except OSError:  # not on one disk, or on one without links
            shutil.copy2(folder / name, alone / name)
    return alone
