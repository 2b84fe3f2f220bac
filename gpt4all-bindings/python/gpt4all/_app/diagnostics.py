"""A report of the machine and the installation, to be sent to somebody who helps. Nothing that anybody wrote is in it:
no chats, no prompts, no names of documents, no keys; and models by their file's name alone."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._errors import LLModelError
from .._library import load
from .._model import build_info
from .._version import version
from .hardware import hardware

if TYPE_CHECKING:
    from .services import Services

# Settings whose values a person writes.
PRIVATE = frozenset({"system", "folders"})


def report(services: Services) -> str:
    """As text in Markdown."""
    lines = [
        *("# GPT4All diagnostics", ""),
        *_program(),
        *_machine(),
        *_models(services),
        *_kept(services),
        *_settings(services),
    ]
    return "\n".join(lines) + "\n"


def _program() -> Iterator[str]:
    yield f"- gpt4all {version()}, Python {platform.python_version()}, {platform.platform()}"
    try:
        info = build_info()
        yield f"- library {info['version']}, llama.cpp {info['llama_cpp']['release']}, {info['compiler']}"
        yield f"- library found: {load().path.name}"
    except LLModelError as error:
        yield f"- the library cannot be used: {type(error).__name__}"
    yield f"- {sys.implementation.name}, {'64' if sys.maxsize > 2**32 else '32'} bits"


def _machine() -> Iterator[str]:
    found = hardware()
    yield f"- {found.processor}, {found.cores} cores"
    yield f"- memory {_gb(found.memory_bytes)}, free {_gb(found.memory_free_bytes)}"
    yield f"- GPUs: {', '.join(found.gpus) or 'none that can be used'}"


def _models(services: Services) -> Iterator[str]:
    stored = services.inference.store.list()
    yield f"- models: {len(stored)} installed"
    yield from (f"  - {model.id}, {_gb(model.size)}" for model in stored)
    running = [f"{state.model} ({_gb(state.memory)})" for state in services.inference.states()]
    yield f"- open: {', '.join(running) or 'none'}; crashes since the start: {services.inference.pool.crashes}"


def _kept(services: Services) -> Iterator[str]:
    for table in ("chats", "messages", "folders", "attachments", "presets", "keys"):
        count = services.database.rows(f"SELECT COUNT(*) FROM {table}")[0][0]
        yield f"- {table}: {count}"
    for state, count in services.database.rows("SELECT state, COUNT(*) FROM messages GROUP BY state ORDER BY state"):
        yield f"  - messages {state}: {count}"
    yield f"- chat.db: {_gb(services.database.path.stat().st_size)}"
    yield f"- documents: {'can be read' if services.library.available else 'the extra is not installed'}"


def _settings(services: Services) -> Iterator[str]:
    settings = services.preferences.settings()
    defaults = settings.defaults.model_dump()
    for name, value in settings.values.model_dump().items():
        if value != defaults[name]:
            yield f"- setting {name}: {'set' if name in PRIVATE else value}"


def _gb(count: int | None) -> str:
    return "unknown" if count is None else f"{count / 1e9:.2f} GB"
