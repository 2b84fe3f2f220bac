"""PyTorch and the libraries on it, which only training and exporting need."""

from __future__ import annotations

import importlib
import logging
import os
import warnings
from collections.abc import Sequence

from ..errors import PackageError

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "safetensors", "numpy")


def prepare(modules: Sequence[str] = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")) -> None:
    """Imports the libraries, offline and without their warnings. Raises PackageError if one is missing."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            problem = f"this step needs the Python package {error.name or name}, which cannot be imported: {error}"
            raise PackageError(problem, remedy="Run pip install 'gpt4all-training[train]'") from error
    # They tell the writers of programs what to do better, in the midst of a progress bar.
    warnings.filterwarnings("ignore", module=r"(torch|transformers|trl|peft|accelerate|datasets)\b")
    for name in ("transformers", "trl", "peft", "accelerate", "datasets"):
        logging.getLogger(name).setLevel(logging.ERROR)
    importlib.import_module("datasets").disable_progress_bars()
    importlib.import_module("transformers").utils.logging.disable_progress_bar()
