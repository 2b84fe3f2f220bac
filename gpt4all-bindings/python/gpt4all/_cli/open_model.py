"""Models as commands take them: by name, downloaded with progress, opened with options that several commands have."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from .._model import Model
    from ..models import ProgressCallback, ProgressInfo


def complete_model(incomplete: str) -> list[str]:
    """Names of models that begin so, for the shell's completion."""
    from .. import models

    cached = [model.name for model in models.list_cached()]
    names = [*cached, *(entry.file for entry in models.catalogue())]
    return [name for name in dict.fromkeys(names) if name.lower().startswith(incomplete.lower())]


MODEL_HELP = "A model file, a name that `gpt4all list` shows, hf://owner/repo/file.gguf or an https address."

ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", metavar="MODEL", help=MODEL_HELP, autocompletion=complete_model)
]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP, autocompletion=complete_model)]
Device = Annotated[str, typer.Option(help="Where to compute: auto, cpu, gpu, or a name from `gpt4all devices`.")]
GpuLayers = Annotated[int, typer.Option(min=-1, help="Layers to keep on the GPU; -1 for as many as fit.")]
Workers = Annotated[
    list[str] | None,
    typer.Option(
        "--worker", metavar="HOST:PORT", help="Another machine to compute on, running `gpt4all worker`; repeatable."
    ),
]
Threads = Annotated[int, typer.Option(min=0, max=512, help="CPU threads; 0 to suit this machine.")]
ChatTemplate = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="The chat template: vicuna, alpaca or another name, or a Jinja file.",
    ),
]
Context = Annotated[int, typer.Option("--n-ctx", min=0, help="Context in tokens; 0 for the model's own, up to 8192.")]


def find(name: str) -> Path:
    """The model's file, downloaded if need be. Raises ModelNotFoundError, DownloadError."""
    from .. import models

    with download_progress(name) as progress:
        return models.resolve(name, progress=progress)


def opened(
    name: str | None,
    *,
    n_ctx: int = 0,
    device: str = "auto",
    workers: list[str] | None = None,
    gpu_layers: int = -1,
    threads: int = 0,
    **options: Any,
) -> Model:
    """The model, open; the default one if none is named. Raises LLModelError."""
    from .. import models
    from .._compat.device_names import device_option
    from .._model import Model

    path = find(name or models.DEFAULT_MODEL)
    entry = models.find(path.name)
    if entry is not None and entry.chat_template:
        options.setdefault("chat_template", entry.chat_template)  # the file has none, or a bad one
    chosen = device_option(device) if device not in ("auto", "cpu") else device
    if workers:
        options["workers"] = workers
    return Model(path, n_ctx=n_ctx, device=chosen, n_gpu_layers=gpu_layers, threads=threads, **options)


def opened_to_chat(name: str | None, *, chat_template: str | None, **options: Any) -> Model:
    """The model, open; says on stderr which template is used if there is none. Raises LLModelError, OSError.

    chat_template: a file with one, or what the option chat_template takes.
    """
    if chat_template is not None:
        file = Path(chat_template)
        options["chat_template"] = output.read_text(file) if file.is_file() else chat_template
    model = opened(name, **options)
    opening = model.info().get("opened")
    used = opening.get("chat_template") if opening else None
    if used and chat_template is None:
        output.note(
            f"{Path(model.path).name} has no chat template, so {used} is used; choose another with --chat-template NAME"
        )
    return model


@contextlib.contextmanager
def download_progress(name: str) -> Iterator[ProgressCallback | None]:
    """A bar on stderr while a model is downloaded; it appears when there is something to tell."""
    if output.State.quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _Lines(name)
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    shown = bars.Progress(*columns, console=Console(stderr=True), transient=True)
    tasks: dict[str, bars.TaskID] = {}

    def report(info: ProgressInfo) -> None:
        if not tasks:
            shown.start()
        task = tasks.get(info.phase)
        if task is None:
            task = tasks[info.phase] = shown.add_task(f"{info.phase} {name}", total=None)
        shown.update(task, completed=info.done_bytes, total=info.total_bytes)

    try:
        yield report
    finally:
        shown.stop()


class _Lines:
    """Progress for a log: a line for each phase, and for each tenth of a download."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: tuple[str, int] | None = None

    def __call__(self, info: ProgressInfo) -> None:
        tenth = info.done_bytes * 10 // info.total_bytes if info.total_bytes else 0
        if self._last == (info.phase, tenth):
            return
        self._last = (info.phase, tenth)
        total = f" of {output.in_bytes(info.total_bytes)}" if info.total_bytes else ""
        output.note(f"{info.phase} {self._name}: {output.in_bytes(info.done_bytes)}{total}")
