"""Which CPU modules a processor's weights are compared with."""

from __future__ import annotations

from pathlib import Path

import pytest
from instruction_sets import AMD, AMX, AVX2, AVX512, INTEL, maker, modules, native, programs_with

HASWELL = ["avx2", "fma", "f16c", "bmi2"]
CASCADE_LAKE = [*HASWELL, *(f"avx512{name}" for name in ("f", "bw", "dq", "vl", "cd")), "avx512_vnni"]
ZEN_4 = [*CASCADE_LAKE, "avx512_bf16"]
SAPPHIRE_RAPIDS = [*ZEN_4, "amx_tile", "amx_int8"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], {}),
        (HASWELL, {AVX2: "haswell"}),
        (CASCADE_LAKE, {AVX2: "haswell", AVX512: "cascadelake"}),
        (ZEN_4, {AVX2: "haswell", AVX512: "zen4"}),
        (SAPPHIRE_RAPIDS, {AVX2: "haswell", AVX512: "zen4", AMX: "sapphirerapids"}),
    ],
)
def test_modules(flags: list[str], expected: dict[str, str]) -> None:
    assert modules(flags) == expected


def test_what_is_built_for_a_machine_does_not_use_amx() -> None:
    assert native(modules(SAPPHIRE_RAPIDS)) == AVX512
    assert native(modules(HASWELL)) == AVX2
    assert native(modules([])) is None


def test_processors_are_told_apart_by_their_makers() -> None:
    assert [maker(name) for name in ("AMD EPYC 7763", "Intel(R) Xeon(R) Processor")] == [AMD, INTEL]
    assert maker("Apple M2") not in (AMD, INTEL)


def test_programs_find_one_module(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("llama-bench", "llama-server", "libggml-cpu-haswell.so", "libggml-cpu-zen4.so"):
        (folder / name).write_text("first")
    alone = programs_with("haswell", folder)
    assert sorted(path.name for path in alone.iterdir()) == ["libggml-cpu-haswell.so", "llama-bench", "llama-server"]
    (folder / "llama-bench").unlink()  # as a build does that makes it again
    (folder / "llama-bench").write_text("second")
    assert (programs_with("haswell", folder) / "llama-bench").read_text() == "second"
