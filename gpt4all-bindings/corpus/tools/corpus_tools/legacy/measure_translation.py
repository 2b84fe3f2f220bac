"""Measures the translation of a file of the size that GPT4All's GPT-J models had: memory, and speed against `cp`.

The file is made on the fly: ggml-gpt4all-j's header, GPT-2's vocabulary and tensors to the byte, 3,785,248,281 of them,
with random codes and one scale. It is copied by `cp` and translated in turns, both from a cold page cache where that is
allowed, and both until the disk has it. The translation runs in a process of its own, whose peak memory is asked of the
kernel. The files are removed afterwards. The numbers are written to the corpus's results/legacy/translation.json.

Needs 12 GB of disk, llama.cpp's sources and the gpt4all package, whose library GPT4ALL_LIBRARY may name.

Usage: python -m corpus_tools.legacy.measure_translation [--folder FOLDER] [--rounds N] [--date YYYY-MM-DD] [--out FILE]
"""

from __future__ import annotations

import os
import platform
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..places import LLAMA_CPP
from . import real_vocabularies, results
from .blocks import Layout, TensorType, row_size
from .gptj_files import MAGIC
from .tensors import write_text

VOCABULARIES = LLAMA_CPP / "models"
FILE_BYTES = 3_785_248_281  # of ggml-gpt4all-j.bin, -j-v1.1-breezy, -j-v1.2-jazzy and -j-v1.3-groovy
LAYERS, WIDTH, HEADS, ROTATED, CONTEXT, Q4_0_FILE = 28, 4096, 16, 64, 2048, 2
MOST_BYTES, LEAST_SPEED = 300_000_000, 0.5
CHUNK = 1 << 26
# The kernel's own count of a process starts over with its program, unlike that of getrusage().
CONVERT = """
import gpt4all, sys
gpt4all.convert(*sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


def _shapes(vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and torch's shapes of the tensors of GPT-J."""
    yield "transformer.wte.weight", (vocabulary, WIDTH)
    for layer in range(LAYERS):
        block = f"transformer.h.{layer}."
        yield block + "ln_1.weight", (WIDTH,)
        yield block + "ln_1.bias", (WIDTH,)
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield f"{block}attn.{name}.weight", (WIDTH, WIDTH)
        yield block + "mlp.fc_in.weight", (4 * WIDTH, WIDTH)
        yield block + "mlp.fc_in.bias", (4 * WIDTH,)
        yield block + "mlp.fc_out.weight", (WIDTH, 4 * WIDTH)
        yield block + "mlp.fc_out.bias", (WIDTH,)
    yield "transformer.ln_f.weight", (WIDTH,)
    yield "transformer.ln_f.bias", (WIDTH,)
    yield "lm_head.weight", (vocabulary, WIDTH)
    yield "lm_head.bias", (vocabulary,)


def _noise() -> bytes:
    """Blocks of Q4_0 with random codes."""
    blocks = np.zeros(CHUNK // 20, np.dtype([("d", "<f4"), ("qs", "u1", (16,))]))
    blocks["d"] = 0.01
    blocks["qs"] = np.random.default_rng(1).integers(0, 256, blocks["qs"].shape, np.uint8)
    return blocks.tobytes()


def _write_data(file: BinaryIO, size: int, noise: bytes) -> None:
    while size > 0:
        size -= file.write(noise[: min(size, len(noise))])


def make_file(path: Path) -> None:
    """Writes the file; it has the size of the real ones."""
    words = real_vocabularies.vocabulary(VOCABULARIES, "gptj")
    noise = _noise()
    with path.open("wb") as file:
        sizes = (len(words), CONTEXT, WIDTH, HEADS, LAYERS, ROTATED, Q4_0_FILE, len(words))
        file.write(struct.pack("<I8i", MAGIC, *sizes))
        for token in words.tokens:
            write_text(file, token)
        for name, shape in _shapes(len(words)):
            kind = TensorType.Q4_0 if len(shape) == 2 else TensorType.F32
            file.write(struct.pack(f"<3i{len(shape)}i", len(shape), len(name), kind, *reversed(shape)))
            file.write(name.encode())
            rows = shape[0] if len(shape) == 2 else 1
            size = rows * row_size(kind, Layout.A, shape[-1])
            _write_data(file, size, noise if kind == TensorType.Q4_0 else bytes(size))
    if path.stat().st_size != FILE_BYTES:
        raise RuntimeError(f"{path} has {path.stat().st_size} bytes instead of {FILE_BYTES}")


def forget(paths: Sequence[Path]) -> bool:
    """Empties the page cache of the machine, or if that is not allowed of these files; whether the former."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
    except OSError:
        for path in paths:
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
        return False
    return True


@dataclass
class Run:
    seconds: float
    said: str


def run(command: Sequence[str], written: Path) -> Run:
    """Runs a program until the disk has what it wrote."""
    start = time.perf_counter()
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    subprocess.run(["sync", str(written)], check=True)
    return Run(time.perf_counter() - start, said)


def main() -> int:
    parser = results.arguments(__doc__, "translation")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the one for temporary files)")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    copies, translations = [], []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        old, copy, new = (Path(scratch, name) for name in ("ggml-gpt4all-j.bin", "copy.bin", "new.gguf"))
        make_file(old)
        for _ in range(arguments.rounds):
            cold = forget([old])
            copies.append(run(["cp", str(old), str(copy)], copy))
            copy.unlink()
            cold = forget([old]) and cold
            translations.append(run([sys.executable, "-c", CONVERT, str(old), str(new)], new))
            new_bytes = new.stat().st_size
            new.unlink()
            print(f"cp {copies[-1].seconds:.2f} s, translation {translations[-1].seconds:.2f} s", flush=True)
    seconds = {
        "cp": statistics.median(each.seconds for each in copies),
        "translation": statistics.median(each.seconds for each in translations),
    }
    peak, speed = max(int(each.said) * 1024 for each in translations), seconds["cp"] / seconds["translation"]
    agrees = peak < MOST_BYTES and speed >= LEAST_SPEED
    settings = {
        "machine": {"processor": platform.processor() or platform.machine(), "threads": os.cpu_count()},
        "old_bytes": FILE_BYTES,
        "new_bytes": new_bytes,
        "rounds": arguments.rounds,
        "seconds": {
            "cp": [round(each.seconds, 2) for each in copies],
            "translation": [round(each.seconds, 2) for each in translations],
        },
        "load_average": round(os.getloadavg()[1], 1),
        "whole_page_cache_emptied": cold,
        "median_seconds": {name: round(value, 2) for name, value in seconds.items()},
        "megabytes_per_second": {name: round(FILE_BYTES / value / 1e6) for name, value in seconds.items()},
        "speed_relative_to_cp": round(speed, 3),
        "peak_memory_bytes": peak,
        "asked_for": {"speed_relative_to_cp": LEAST_SPEED, "peak_memory_bytes": MOST_BYTES},
    }
    results.write(arguments.out, arguments.date, settings, {}, agrees=agrees)
    print(f"{speed:.2f} times the speed of cp, {peak / 1e6:.0f} MB at most")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
