"""The extension module of pygptj 2.0.3: GPT-J files in layout A, F16 and Q4_0."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Logits:
    """A file, open with pygptj."""

    def __init__(self, folder: Path, path: Path) -> None:
        (library,) = folder.glob("_pygptj*.so")
        specification = importlib.util.spec_from_file_location("_pygptj", library)
        if specification is None or specification.loader is None:
            raise RuntimeError(f"{library} is not a module")
        self._module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(self._module)
        self._model, vocabulary = self._module.gptj_model(), self._module.gpt_vocab()
        if not self._module.gptj_model_load(str(path), self._model, vocabulary):
            raise RuntimeError(f"{path} was not loaded")

    def logits(self, tokens: Sequence[int]) -> Array:
        """Logits after each token, of the shape (tokens, vocabulary)."""
        evaluate = self._module.gptj_eval
        memory = evaluate(self._model, 1, 0, [0, 1, 2, 3], 0)[-1]  # what a token takes
        return np.stack([
            np.array(evaluate(self._model, 1, past, [token], memory)[0], np.float32)
            for past, token in enumerate(tokens)
        ])  # fmt: skip
