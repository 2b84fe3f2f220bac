"""The engine in the wheels of ctransformers 0.2.27 (logits, layout C) and 0.1.2 (greedy tokens, layout A) by ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class _Configuration(ctypes.Structure):
    """Of 0.2.27."""

    _fields_ = [
        ("context_length", ctypes.c_int),
        ("gpu_layers", ctypes.c_int),
        ("mmap", ctypes.c_bool),
        ("mlock", ctypes.c_bool),
    ]


def _library(folder: Path) -> Any:
    library = ctypes.CDLL(str(folder / "ctransformers" / "lib" / "avx2" / "libctransformers.so"))
    library.ctransformers_llm_create.restype = ctypes.c_void_p
    library.ctransformers_llm_batch_eval.restype = ctypes.c_bool
    return library


class Logits:
    """A file open with 0.2.27."""

    def __init__(self, folder: Path, architecture: str, path: Path) -> None:
        self._library = _library(folder)
        self._library.ctransformers_llm_logits_data.restype = ctypes.POINTER(ctypes.c_float)
        configuration = _Configuration(-1, 0, True, False)
        created = self._library.ctransformers_llm_create(bytes(path), architecture.encode(), configuration)
        self._model = ctypes.c_void_p(created)
        if not self._model:
            raise RuntimeError(f"{path} was not loaded")

    def logits(self, tokens: Sequence[int]) -> Array:
        """Logits after each token, of the shape (tokens, vocabulary)."""
        rows = []
        for past, token in enumerate(tokens):
            given = (ctypes.c_int * 1)(token)
            if not self._library.ctransformers_llm_batch_eval(self._model, given, 1, past, 1, 1):
                raise RuntimeError(f"token {past} was not evaluated")
            size = self._library.ctransformers_llm_logits_size(self._model)
            rows.append(np.array(self._library.ctransformers_llm_logits_data(self._model)[:size], np.float32))
        return np.stack(rows)


class Greedy:
    """A file open with 0.1.2, which gives no logits."""

    def __init__(self, folder: Path, architecture: str, path: Path) -> None:
        self._library = _library(folder)
        self._model = ctypes.c_void_p(self._library.ctransformers_llm_create(bytes(path), architecture.encode()))
        if not self._model:
            raise RuntimeError(f"{path} was not loaded")

    def greedy(self, tokens: Sequence[int], count: int) -> list[int]:
        """The most probable tokens behind these, one after the other."""
        given, found = list(tokens), list[int]()
        for _ in range(count):
            chunk = (ctypes.c_int * len(given))(*given)
            if not self._library.ctransformers_llm_batch_eval(self._model, chunk, len(given), 8, 1):
                raise RuntimeError("tokens were not evaluated")
            number = ctypes.c_float
            sample = self._library.ctransformers_llm_sample
            given = [sample(self._model, 1, number(1.0), number(1.0), number(1.0), 0, 0)]
            found += given
        return found
