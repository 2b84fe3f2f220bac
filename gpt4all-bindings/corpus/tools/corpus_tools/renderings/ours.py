"""Prompts by the library: the tiny model, opened with a template."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from gpt4all import Model

from ..places import committed_models
from .reference import BOS


class Opened:
    """The tiny LLaMA with another template."""

    def __init__(self, source: str) -> None:
        self._model = Model(committed_models() / "tiny-llama-q8_0.gguf", chat_template=source, n_ctx=512, n_parallel=1)

    def __enter__(self) -> Opened:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model.close()

    @property
    def capabilities(self) -> Mapping[str, bool]:
        """What llama.cpp takes the template for."""
        return self._model.info()["opened"]["template_capabilities"]

    def prompt(self, request: Mapping[str, Any]) -> str:
        """A request's prompt. Raises gpt4all.LLModelError if there is none."""
        fields = dict(request)
        return self._model.apply_template(fields.pop("messages"), **fields).removeprefix(BOS)
