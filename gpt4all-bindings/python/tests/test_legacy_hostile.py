"""Damaged and hostile files of 2023: the error says where, nothing is allocated for what a header claims."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus_tools.legacy.blocks import TensorType
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.variants import model_for, variant

import gpt4all
from conftest import RunPython

pytestmark = pytest.mark.usefixtures("library")

NAMES = ["llama-ggml", "llama-ggmf1", "llama-ggjt3", "gptj-a", "mpt-c", "mpt-ggmm"]
HUGE = 0x7FFFFFFF
HEADERS = {
    "llama": ["n_vocab", "n_embd", "n_mult", "n_head", "n_layer", "n_rot", "ftype"],
    "gptj": ["n_vocab", "n_ctx", "n_embd", "n_head", "n_layer", "n_rot", "ftype", "n_vocab again"],
    "mpt": ["d_model", "max_seq_len", "n_heads", "n_layers", "n_vocab", "alibi_bias_max", "clip_qkv", "ftype"],
    "mpt-ggmm": ["n_vocab", "n_ctx", "n_layer", "n_head", "n_embd", "alibi_bias_max", "clip_qkv", "ftype", "again"],
}


@dataclass(frozen=True)
class Part:
    """Where a tensor lies in a file."""

    name: str
    start: int  # of its description
    data: int
    end: int


def written(name: str, folder: Path) -> Path:
    kind_of_file = variant(name)
    types = Types(TensorType.Q4_0)
    return kind_of_file.write(folder / f"{name}.bin", model_for(kind_of_file, types.most), types)[0]


def tensors(name: str, path: Path) -> list[Part]:
    """The tensors of a file: found by their names, which vocabularies do not have."""
    data = path.read_bytes()
    model = model_for(variant(name), TensorType.Q4_0)
    starts = []
    for tensor, values in model.weights.items():
        # number of dimensions and length of the name, 4 bytes each, and the type are before the extents
        head = struct.pack(f"<{values.ndim}i", *reversed(values.shape)) + tensor.encode()
        at = data.index(head)
        first = at + len(head)
        starts.append((tensor, at - 12, first + (-first % 32 if "ggjt" in name else 0)))
    ends = [start for _, start, _ in starts[1:]] + [len(data)]
    return [Part(tensor, start, first, end) for (tensor, start, first), end in zip(starts, ends, strict=True)]


def refused(path: Path) -> gpt4all.LLModelError:
    """The error that opening gives; nothing may be left of the attempt."""
    cache = path.parent / "cache"
    with pytest.raises(gpt4all.LLModelError) as caught:
        gpt4all.Model(path, cache_dir=str(cache), n_ctx=64).close()
    assert not list(cache.rglob("*.gguf")) + list(cache.rglob("*.part*"))
    out = path.with_suffix(".gguf")
    with pytest.raises(type(caught.value)):
        gpt4all.convert(path, out)
    assert not out.exists()
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_truncated_files_name_the_tensor_and_the_offset(name: str, tmp_path: Path) -> None:
    whole = written(name, tmp_path)
    data, cut = whole.read_bytes(), tmp_path / "cut.bin"
    parts = tensors(name, whole)
    for part in (parts[0], parts[3], parts[-1]):
        for size in (part.data, part.data + 1, (part.data + part.end) // 2, part.end - 1):
            cut.write_bytes(data[:size])
            error = refused(cut)
            assert isinstance(error, gpt4all.InvalidModelError), size
            assert part.name in str(error), size
            assert str(cut) in str(error)
            assert str(size) in str(error)
            assert error.detail["tensor"] == part.name
    for part in (parts[1], parts[-1]):  # between tensors, and in the middle of a description
        for size in (part.start, part.start + 1, part.start + 12, part.start + 24):
            cut.write_bytes(data[:size])
            error = refused(cut)
            assert isinstance(error, gpt4all.InvalidModelError), size
            assert isinstance(error.detail["offset"], int)


@pytest.mark.parametrize("name", NAMES)
def test_truncated_in_front_of_the_tensors(name: str, tmp_path: Path) -> None:
    whole = written(name, tmp_path)
    data, cut = whole.read_bytes(), tmp_path / "cut.bin"
    first = tensors(name, whole)[0].start
    for size in [*range(4, 60, 3), *range(60, first, first // 40)]:
        cut.write_bytes(data[:size])
        error = refused(cut)
        assert isinstance(error, (gpt4all.InvalidModelError, gpt4all.UnsupportedError)), size
        assert str(cut) in str(error)


def hostile(name: str, data: bytes, parts: list[Part]) -> Iterator[tuple[str, bytes]]:
    """Files with one number changed: those of the header, and of a tensor's description."""

    def changed(at: int, value: int) -> bytes:
        return data[:at] + struct.pack("<I", value & 0xFFFFFFFF) + data[at + 4 :]

    start = 8 if name in ("llama-ggmf1", "llama-ggjt3") else 4
    for index, field in enumerate(HEADERS[name.split("-")[0] if name != "mpt-ggmm" else name]):
        for value in (0, 1, 7, HUGE, -1, 0x80000000):
            if changed(start + 4 * index, value) != data:
                yield f"{field} is {value}", changed(start + 4 * index, value)
    part = parts[2]
    for what, at in (("dimensions", 0), ("length of the name", 4), ("type", 8), ("extent", 12)):
        for value in (0, 3, 99, HUGE, -1, 0x80000000):
            if changed(part.start + at, value) != data:
                yield f"{what} of {part.name} is {value}", changed(part.start + at, value)
    yield "a tensor comes twice", data + data[parts[-1].start :]
    yield "a name that is not UTF-8", data.replace(parts[1].name.encode(), b"\xff" * len(parts[1].name))
    yield "a tensor is missing", data[: parts[1].start] + data[parts[1].end :]


# A hint, a number that a tensor tells as well, a head instead of four, and any float that is not negative.
HARMLESS = ("ftype", "n_mult", "n_head is 1", "n_heads is 1", "alibi_bias_max", "clip_qkv")


def outcome(path: Path) -> gpt4all.LLModelError | None:
    """The error that opening gives, if any."""
    try:
        gpt4all.Model(path, cache_dir=str(path.parent / "cache"), n_ctx=64).close()
    except gpt4all.LLModelError as error:
        return error
    return None


@pytest.mark.parametrize("name", NAMES)
def test_hostile_numbers_are_refused_or_harmless(name: str, tmp_path: Path) -> None:
    whole = written(name, tmp_path)
    data = whole.read_bytes()
    refusals = 0
    for index, (what, changed) in enumerate(hostile(name, data, tensors(name, whole))):
        path = tmp_path / f"hostile-{index}.bin"
        path.write_bytes(changed)
        error = outcome(path)
        path.unlink()
        if error is None:
            assert what.startswith(HARMLESS), what
            continue
        refusals += 1
        assert isinstance(error, (gpt4all.InvalidModelError, gpt4all.UnsupportedError)), (what, error)
        assert str(path) in str(error), what
    assert refusals >= 40


def test_nothing_is_allocated_for_what_headers_claim(tmp_path: Path, run_python: RunPython) -> None:
    for name in NAMES:
        whole = written(name, tmp_path)
        for index, (_, changed) in enumerate(hostile(name, whole.read_bytes(), tensors(name, whole))):
            (tmp_path / f"{name}-{index}.hostile").write_bytes(changed)
    done = run_python(
        """
import gpt4all, pathlib, resource, sys
gpt4all.build_info()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = 0
for path in pathlib.Path(sys.argv[1]).glob("*.hostile"):
    try:
        gpt4all.inspect(path)
    except (gpt4all.InvalidModelError, gpt4all.UnsupportedError):
        count += 1
assert count > 200, count
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
""",
        str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100  # MiB
