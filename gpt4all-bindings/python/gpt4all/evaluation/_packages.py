"""lm-eval, which the package itself does not need: the extra gpt4all[evaluate]."""

from __future__ import annotations

import importlib
import logging
import os
from typing import Any

from .._errors import UnsupportedError
from ..models._settings import Settings


def require(module: str) -> Any:
    """A module of lm-eval, of what comes with it, or of Matplotlib.

    Raises UnsupportedError, which says what to install, if it cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UnsupportedError(
            f"evaluating needs {module}, which cannot be imported ({error}): pip install 'gpt4all[evaluate]'",
            {"missing": [module]},
        ) from error


def lm_eval() -> Any:
    """The package lm_eval, told to keep its warnings to itself: they are about settings that are ours.

    Where GPT4ALL_OFFLINE turns network access off, it and what it imports take only data that is here.
    """
    if Settings().offline:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    package = require("lm_eval")
    for name in ("lm_eval.evaluator", "lm_eval.tasks", "lm_eval.api.task", "lm_eval.evaluator_utils"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return package
