"""gpt4all evaluate: a model's accuracy in tasks, and that of its quantisations."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .command import AsJson
from .open_model import Device, GpuLayers, ModelArgument, Threads, Workers, find, opened

if TYPE_CHECKING:
    from ..evaluation import Evaluation, Sweep


def evaluate(
    model: ModelArgument,
    tasks: Annotated[
        str,
        typer.Option(
            "--tasks", "-t", metavar="T,T,…", help="Tasks or groups by lm-eval's names.", show_default="the seven tasks"
        ),
    ] = "",
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="JSONL files with the tasks' data, in place of the hub's.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Where to keep answers and write the results."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="How many items of each task to ask; all by default.")
    ] = None,
    fewshot: Annotated[int, typer.Option(min=0, help="Examples before each question.")] = 0,
    chat: Annotated[bool, typer.Option("--chat-template", help="Ask by the model's chat template.")] = False,
    seed: Annotated[int, typer.Option(help="Of the choice of examples, and of answers that are drawn.")] = 1234,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Evaluate the model in many types, and recommend one.")
    ] = False,
    types: Annotated[str, typer.Option(metavar="T,T,…", help="Types for --sweep.")] = "",
    imatrix: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An importance matrix for --sweep, made by `gpt4all imatrix`.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--allow-requantize", help="Let --sweep begin with a model that is already quantised.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the files that --sweep makes.")] = False,
    n_ctx: Annotated[
        int, typer.Option("--n-ctx", min=64, help="Context in tokens; longer prompts lose their beginning.")
    ] = 2048,
    device: Device = "auto",
    worker: Workers = None,
    gpu_layers: GpuLayers = -1,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Asks a model the questions of tasks, and shows how many it answers correctly, with standard errors.

    Without --tasks, these are the seven with which GPT4All compared models: BoolQ, PIQA, HellaSwag, WinoGrande, ARC-e,
    ARC-c and OBQA. With --out, answers are kept as they come: after Ctrl-C, the same command goes on from there. Into
    the folder go results.json, results.md and, for the seven tasks, results.svg; with --sweep, sweep.json, sweep.md
    and sweep.svg.

    \b
    Examples:
      gpt4all evaluate smollm2 --out results
      gpt4all evaluate smollm2 --data tasks --limit 200 --out results
      gpt4all evaluate model.gguf --tasks lambada_openai,mmlu --fewshot 5 --out results
      gpt4all evaluate model-f16.gguf --sweep --types Q8_0,Q4_K_M,Q4_0 --out sweep
    """
    if sweep and out is None:
        raise typer.BadParameter("--sweep needs --out, the folder for its files")
    for given, option in ((types, "--types"), (imatrix, "--imatrix"), (again, "--allow-requantize"), (keep, "--keep")):
        if given and not sweep:
            raise typer.BadParameter(f"{option} is for --sweep")

    from .. import evaluation

    asking: dict[str, Any] = {"data": data, "limit": limit, "fewshot": fewshot, "chat_template": chat, "seed": seed}
    asking["tasks"] = _names(tasks) or evaluation.SEVEN_TASKS
    open_options: dict[str, Any] = {"n_ctx": n_ctx, "device": device, "threads": threads}
    quantize_options: dict[str, Any] = {"allow_requantize": again, "threads": threads}
    if imatrix is not None:
        quantize_options["imatrix"] = str(imatrix)
    with _interruptible(out), _Progress() as progress:
        if sweep and out is not None:
            open_options |= {"n_gpu_layers": gpu_layers} | ({"workers": worker} if worker else {})
            swept = evaluation.sweep(
                find(model),
                out,
                _names(types) or None,
                keep=keep,
                quantize_options=quantize_options,
                open_options=open_options,
                report=progress,
                making=progress.making,
                **asking,
            )
        else:
            with opened(model, gpu_layers=gpu_layers, workers=worker, **open_options) as asked:
                found = evaluation.evaluate(asked, folder=out, report=progress, **asking)
    if sweep and out is not None:
        _finish_sweep(swept, out, as_json)
    else:
        _finish(found, out, as_json)


def _names(given: str) -> list[str]:
    return [each.strip() for each in given.split(",") if each.strip()]


def _finish(found: Evaluation, out: Path | None, as_json: bool) -> None:
    from ..evaluation import _report as report

    if out is not None:
        plot = report.plot if report.is_seven(found) else None
        _write(out, "results", report.as_json(found), report.as_markdown(found), plot, found)
    if as_json:
        output.print_json(report.as_json(found))
        return
    headings, rows = report.headings(found), report.as_rows(found)
    output.print_table([each.upper() for each in headings], rows, right=range(2, len(headings)))


def _finish_sweep(found: Sweep, out: Path, as_json: bool) -> None:
    from ..evaluation import _report as report

    _write(out, "sweep", report.sweep_as_json(found), report.sweep_as_markdown(found), report.plot_sweep, found)
    if as_json:
        output.print_json(report.sweep_as_json(found))
        return
    headings = report.SWEEP_HEADINGS
    output.print_table([each.upper() for each in headings], report.sweep_rows(found), right=range(1, len(headings)))
    best = found.recommended
    if best is None:
        print("None of these is smaller than the original and as accurate within two standard errors.")
    else:
        print(
            f"Take {best.evaluation.quantization}: of the smaller types that are as accurate as the original within "
            "two standard errors, it writes fastest."
        )


def _write(
    folder: Path, name: str, data: dict[str, Any], text: str, plot: Callable[[Any, Path], None] | None, found: Any
) -> None:
    """Writes the results, each file at once."""
    from ..conversion._output import new_file

    written = [f"{name}.json", f"{name}.md"]
    with new_file(folder / written[0]) as part:
        part.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    with new_file(folder / written[1]) as part:
        part.write_text(text, encoding="utf-8")
    if plot is not None:
        written.append(f"{name}.svg")
        with new_file(folder / written[2]) as part:
            drawn = part.with_suffix(".svg")
            plot(found, drawn)
            drawn.replace(part)
    output.note(f"written to {folder}: {', '.join(written)}")


@contextlib.contextmanager
def _interruptible(out: Path | None) -> Iterator[None]:
    """Says how to go on after Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        if out is not None:
            output.note(f"\nThe answers so far are in {out}: the same command goes on from there.")
        raise


class _Progress:
    """A task's progress on stderr: a bar with the time left on a terminal, elsewhere a line for each tenth."""

    def __init__(self) -> None:
        self._bars: Any = None
        self._bar: Any = None
        self._task = ""
        self._tenth = -1

    def __enter__(self) -> _Progress:
        if sys.stderr.isatty() and not output.State.quiet:
            from rich import progress as bars
            from rich.console import Console

            self._bars = bars.Progress(
                bars.TextColumn("{task.description}", markup=False),
                bars.BarColumn(),
                bars.MofNCompleteColumn(),
                bars.TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, task: str, done: int, total: int) -> None:
        """Shows how far a task is."""
        if self._bars is None:
            tenth = done * 10 // total if total else 10
            if (task, tenth) != (self._task, self._tenth):
                output.note(f"{task}: {done} of {total}")
            self._task, self._tenth = task, tenth
            return
        if task != self._task:
            if self._bar is not None:
                self._bars.remove_task(self._bar)
            self._task, self._bar = task, self._bars.add_task(task, total=total)
        self._bars.update(self._bar, completed=done, total=total)

    def making(self, type: str, fraction: float) -> None:
        """Shows how much of a file is written."""
        self(f"{type}: writing", int(100 * fraction), 100)
