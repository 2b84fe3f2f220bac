"""The tensors of a Hugging Face folder, one at a time, from safetensors or PyTorch's files, in one part or many."""

from __future__ import annotations

import importlib
import pickle
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import InvalidModelError, ModelNotFoundError, UnsupportedError
from ._folder import read_json
from ._packages import require

_FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
_TORCH_FLOATS = {"torch.float64": "F64", "torch.float32": "F32", "torch.float16": "F16", "torch.bfloat16": "BF16"}


@dataclass(frozen=True)
class _Place:
    file: Path
    shape: tuple[int, ...]
    type: str


class Weights:
    """What the files of a folder hold, by name. Nothing but names and shapes is read before a tensor is asked for."""

    def __init__(self, folder: Path, stems: Sequence[str] = ("model", "pytorch_model")) -> None:
        """stems: how the files are called before their endings.

        Raises ModelNotFoundError if there is none, InvalidModelError if one is damaged, UnsupportedError if a package
        is missing that reads them.
        """
        self.files = weight_files(folder, stems)
        self._opened: dict[Path, Any] = {}
        self._places: dict[str, _Place] = {}
        for file in self.files:
            for name, shape, type in self._listing(file):
                if name in self._places:
                    first = self._places[name].file
                    raise InvalidModelError(f"the tensor {name} is both in {first} and in {file}", {"tensor": name})
                self._places[name] = _Place(file, shape, type)

    @property
    def names(self) -> list[str]:
        return list(self._places)

    @property
    def type(self) -> str:
        """The widest type of the matrices: F32, F16 or BF16; F32 if they are of several."""
        found = {place.type for place in self._places.values() if len(place.shape) > 1}
        return found.pop() if len(found) == 1 and found <= {"F16", "BF16"} else "F32"

    def shape(self, name: str) -> tuple[int, ...] | None:
        """A tensor's shape, rows first; None if there is no such tensor."""
        place = self._places.get(name)
        return place.shape if place else None

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raises InvalidModelError if the tensor is missing or has another shape, UnsupportedError for other types."""
        place = self._places.get(name)
        if place is None:
            raise InvalidModelError(f"the tensor {name} is in none of {self._files()}", {"tensor": name})
        if place.shape != shape:
            raise InvalidModelError(
                f"the tensor {name} in {place.file} has the shape {list(place.shape)}, but the config "
                f"needs {list(shape)}",
                {"tensor": name, "path": str(place.file), "shape": list(place.shape), "expected": list(shape)},
            )
        if place.type not in _FLOATS:
            raise UnsupportedError(
                f"the tensor {name} in {place.file} is of type {place.type}; weights must be F32, F16 or BF16, so use "
                "the model as it was before quantising",
                {"tensor": name, "path": str(place.file)},
            )

    def read(self, name: str) -> Any:
        """A tensor in F32, as a NumPy array of its shape. Call check() first."""
        place = self._places[name]
        opened = self._open(place.file)
        if _is_safetensors(place.file):
            if place.type == "BF16":
                require("ml_dtypes")  # it is what makes NumPy know bfloat16
            return opened.get_tensor(name).astype("<f4", copy=False)
        return opened[name].detach().float().contiguous().numpy()

    def _open(self, file: Path) -> Any:
        if file not in self._opened:
            self._opened[file] = (_safetensors if _is_safetensors(file) else _torch_tensors)(file)
        return self._opened[file]

    def _listing(self, file: Path) -> list[tuple[str, tuple[int, ...], str]]:
        opened = self._open(file)
        if _is_safetensors(file):
            slices = [(name, opened.get_slice(name)) for name in opened.keys()]  # noqa: SIM118 - it is no mapping
            return [(name, tuple(part.get_shape()), part.get_dtype()) for name, part in slices]
        return [
            (name, tuple(value.shape), _TORCH_FLOATS.get(str(value.dtype), str(value.dtype)))
            for name, value in opened.items()
        ]

    def _files(self) -> str:
        return ", ".join(str(file) for file in self.files)


def weight_files(folder: Path, stems: Sequence[str]) -> list[Path]:
    """The files with weights: safetensors if there are any, since those hold data only. Raises ModelNotFoundError."""
    for stem in stems:
        for ending in (".safetensors", ".bin"):
            index = folder / f"{stem}{ending}.index.json"
            if index.is_file():
                return _parts(index)
            if (folder / (stem + ending)).is_file():
                return [folder / (stem + ending)]
    names = " or ".join(f"{stem}{ending}" for stem in stems for ending in (".safetensors", ".bin"))
    raise ModelNotFoundError(f"{folder} has no weights, such as {names}", {"path": str(folder)})


def _parts(index: Path) -> list[Path]:
    parts = read_json(index).get("weight_map")
    if not isinstance(parts, dict) or not parts:
        raise InvalidModelError(f"{index} has no weight_map", {"path": str(index)})
    files = []
    for name in dict.fromkeys(parts.values()):
        if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
            raise InvalidModelError(f"{index} names {name!r}, which is not a file next to it", {"path": str(index)})
        if not (index.parent / name).is_file():
            raise ModelNotFoundError(f"{index.parent / name} is missing, which {index.name} names", {"path": name})
        files.append(index.parent / name)
    return files


def _is_safetensors(file: Path) -> bool:
    return file.suffix == ".safetensors"


def _safetensors(file: Path) -> Any:
    require("safetensors", "numpy")
    import safetensors

    try:
        return safetensors.safe_open(file, framework="numpy")
    except (safetensors.SafetensorError, OSError) as error:
        pointer = "; it is a Git LFS pointer: `git lfs pull` fetches the file" if _is_pointer(file) else ""
        raise InvalidModelError(f"{file} cannot be read: {error}{pointer}", {"path": str(file)}) from error


def _torch_tensors(file: Path) -> dict[str, Any]:
    """The tensors of a PyTorch file, mapped into memory. Such a file is a pickle, which can hold programs: PyTorch
    reads it with weights_only, which takes tensors and plain values and refuses all else."""
    require("torch")
    torch: Any = importlib.import_module("torch")

    try:
        values = torch.load(file, map_location="cpu", mmap=zipfile.is_zipfile(file), weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        what = f" ({found[1]})" if found else ""
        raise InvalidModelError(
            f"{file} holds more than weights{what}, and is not loaded, as that could run a program; use the model as "
            "safetensors",
            {"path": str(file)},
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        pointer = "; it is a Git LFS pointer: `git lfs pull` fetches the file" if _is_pointer(file) else ""
        raise InvalidModelError(f"{file} cannot be read: {error}{pointer}", {"path": str(file)}) from error
    if not isinstance(values, dict) or not all(isinstance(value, torch.Tensor) for value in values.values()):
        raise InvalidModelError(f"{file} is not a table of tensors by name", {"path": str(file)})
    return values


def _is_pointer(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(40).startswith(b"version https://git-lfs")
