"""Every kind of file of 2023 that the library reads, with the tensor types it may have: what tests go through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .blocks import Layout, TensorType, types_of
from .gptj_files import write_gguf, write_gptj
from .llama_files import LAYOUTS, write_llama
from .mpt_files import ggmm_types, write_example, write_ggmm
from .tensors import Array, Types, decoded
from .tiny_models import LegacyModel, tiny_gptj, tiny_llama, tiny_mpt

Write = Callable[[Path, LegacyModel, Types], "list[Path]"]


@dataclass(frozen=True)
class Variant:
    """One kind of file."""

    name: str
    title: str
    architecture: str
    layout: Layout
    types: Sequence[TensorType]
    write: Write  # writes a file, and returns its parts
    lossy_vocabulary: bool = False  # some tokens cannot be read back from it
    settle: Callable[[Types], Types] = lambda types: types  # the types that this kind of file has where these are asked

    def stored(self, model: LegacyModel, types: Types) -> dict[str, Array]:
        """The weights that the file says, decoded."""
        return decoded(model.weights, self.settle(types), self.layout)


@lru_cache(maxsize=4)
def tiny_model(architecture: str, width: int) -> LegacyModel:
    """The model that stands for its architecture in tests."""
    if architecture == "llama":
        return tiny_llama(width=width)
    return tiny_gptj(width=width) if architecture == "gptj" else tiny_mpt(width=width)


def model_for(variant: Variant, kind: TensorType) -> LegacyModel:
    """As small as the type's blocks let it be."""
    return tiny_model(variant.architecture, 256 if kind >= TensorType.Q2_K else 64)


def _llama(container: str, title: str, parts: int = 1) -> Variant:
    def write(path: Path, model: LegacyModel, types: Types) -> list[Path]:
        return write_llama(path, model, container, types, parts=parts)

    layout = LAYOUTS[container]
    name = f"llama-{container}" + (f"-{parts}-parts" if parts > 1 else "")
    return Variant(name, title, "llama", layout, types_of(layout), write)


def _gptj(layout: Layout, title: str) -> Variant:
    def write(path: Path, model: LegacyModel, types: Types) -> list[Path]:
        return write_gptj(path, model, layout, types)

    kinds = [kind for kind in types_of(layout) if kind < TensorType.Q2_K]
    return Variant(f"gptj-{layout.value}", title, "gptj", layout, kinds, write)


def _mpt(name: str, title: str, layout: Layout, *, bare: bool = False, lossy: bool = False) -> Variant:
    def write(path: Path, model: LegacyModel, types: Types) -> list[Path]:
        return write_example(path, model, layout, types, bare=bare, decoded=lossy)

    kinds = [kind for kind in types_of(layout) if kind < TensorType.Q2_K]
    if bare:
        kinds = [kind for kind in kinds if kind > TensorType.F16]
    return Variant(name, title, "mpt", layout, kinds, write, lossy)


_PLAIN = (TensorType.F32, TensorType.F16)

VARIANTS = (
    _llama("ggml", "LLaMA `ggml`"),
    _llama("ggml", "LLaMA `ggml`, two parts", parts=2),
    _llama("ggmf1", "LLaMA `ggmf` 1"),
    _llama("ggmf1", "LLaMA `ggmf` 1, two parts", parts=2),
    _llama("ggjt1", "LLaMA `ggjt` 1"),
    _llama("ggjt2", "LLaMA `ggjt` 2"),
    _llama("ggjt3", "LLaMA `ggjt` 3"),
    Variant(
        "gptj-transposed",
        "GPT-J of ggml's example, before March 29",
        "gptj",
        Layout.A,
        _PLAIN,
        lambda path, model, types: write_gptj(path, model, Layout.A, types, transposed=True),
    ),
    _gptj(Layout.A, "GPT-J of ggml's example and of GPT4All"),
    _gptj(Layout.B, "GPT-J of ggml's example, quantisation version 1"),
    _gptj(Layout.C, "GPT-J of ggml's example, quantisation version 2"),
    Variant("gptj-gguf", "GPT-J in GGUF (`gptj`)", "gptj", Layout.C, types_of(Layout.C), write_gguf),
    Variant(
        "mpt-ggmm",
        "MPT `ggmm` of GPT4All",
        "mpt",
        Layout.A,
        (*_PLAIN, TensorType.Q4_0, TensorType.Q4_1, TensorType.Q4_2),  # all that GPT4All took
        write_ggmm,
        lossy_vocabulary=True,
        settle=ggmm_types,
    ),
    _mpt("mpt-decoded-b", "MPT of ggml's example, May 17 to 20", Layout.B, bare=True, lossy=True),
    _mpt("mpt-decoded-c", "MPT of ggml's example, May 20 and 21", Layout.C, bare=True, lossy=True),
    _mpt("mpt-b", "MPT of ggml's example, quantisation version 1", Layout.B),
    _mpt("mpt-c", "MPT of ggml's example, quantisation version 2", Layout.C),
)  # fmt: skip


def variant(name: str) -> Variant:
    """The variant of a name; KeyError if there is none."""
    return {each.name: each for each in VARIANTS}[name]
