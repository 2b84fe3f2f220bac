"""Model files, read with the `gguf` package."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from gguf.quants import dequantize, quantize

from ..places import committed_models, manifest
from .values import NotCoveredError

Array = npt.NDArray[np.float32]


class ModelFile:
    """The metadata and the weights of one GGUF file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reader = gguf.GGUFReader(path)

    def value(self, key: str, default: Any = None) -> Any:
        field = self.reader.fields.get(key)
        return default if field is None else field.contents()

    @property
    def architecture(self) -> str:
        return str(self.value("general.architecture"))

    def parameter(self, key: str, default: Any = None) -> Any:
        """A value of the architecture, such as block_count."""
        return self.value(f"{self.architecture}.{key}", default)

    @cached_property
    def weights(self) -> dict[str, Array]:
        """Every tensor in F32, whatever type the file has it in."""
        return {
            tensor.name: np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
            for tensor in self.reader.tensors
        }

    @cached_property
    def types(self) -> list[int]:
        return list(self.value("tokenizer.ggml.token_type"))


def rounded_to(weights: dict[str, Array], kind: str) -> dict[str, Array]:
    """The weights after matrices have been stored in another type; vectors stay as they are."""
    to = gguf.GGMLQuantizationType[kind]
    return {
        name: dequantize(quantize(weight, to), to).astype(np.float32) if weight.ndim > 1 else weight
        for name, weight in weights.items()
    }


def path_of(model: str) -> Path:
    """Where a model of models.json lies. Raises NotCoveredError if it is not there."""
    entry = manifest()["models"][model]
    cache = Path(os.environ.get("GPT4ALL_CACHE") or Path.home() / ".cache" / "gpt4all")
    path: Path = (cache / "models" if "source" in entry else committed_models()) / entry["file"]
    if not path.is_file():
        raise NotCoveredError(f"{entry['file']} is not in the cache")
    return path


@lru_cache
def open_file(path: Path) -> ModelFile:
    return ModelFile(path)
