"""GPT4All and what programs of older releases import beside it, at the place where release 2.8.2 had it."""

from __future__ import annotations

from ._compat import retrieve
from ._compat.embed4all import Embed4All
from ._compat.gpt4all import ConfigType, GPT4All, MessageType
from ._compat.llmodel import EmbCancelCallbackType, EmbedResult, LLModel, ResponseCallbackType
from ._compat.prompts import DEFAULT_PROMPT_TEMPLATE
from ._errors import CancellationError
from .models import DEFAULT_MODEL, cache_folder
from .models import resolve as find_model

DEFAULT_MODEL_DIRECTORY = cache_folder()
"""Where models given by name are looked for and downloaded to. Read at each call: programs assign it."""

retrieve.default_folder = lambda: DEFAULT_MODEL_DIRECTORY

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_MODEL_DIRECTORY",
    "DEFAULT_PROMPT_TEMPLATE",
    "CancellationError",
    "ConfigType",
    "EmbCancelCallbackType",
    "Embed4All",
    "EmbedResult",
    "GPT4All",
    "LLModel",
    "MessageType",
    "ResponseCallbackType",
    "find_model",
]
