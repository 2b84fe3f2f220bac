"""The command line: gpt4all-train curate curate.yaml, and then the steps after it.

Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional, TypeVar

import typer

from .configuration import Settings, read_configuration
from .curate import Curate
from .curate import curate as run_curate
from .dequantise import dequantise as run_dequantise
from .errors import TrainingError
from .export import Export
from .export import export as run_export
from .manifest import as_json
from .progress import Bars, Progress, Silent
from .train import Train
from .train import train as run_train
from .train.on_ray import train_on_ray

FAILED, INTERRUPTED = 1, 130
Done = TypeVar("Done")

app = typer.Typer(
    name="gpt4all-train",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def before() -> None:
    """Makes models for GPT4All, a step at a time.

    \b
    Examples:
      gpt4all-train curate curate.yaml
      gpt4all-train train train.yaml
      gpt4all-train export export.yaml
      gpt4all-train dequantise model.gguf model
      gpt4all-train schema train > train.schema.json

    \b
    Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
    """


Configuration = Annotated[Path, typer.Argument(metavar="FILE", help="The configuration, in YAML.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


@app.command()
def curate(configuration: Configuration, quiet: Quiet = False) -> None:
    """Cleans conversations, drops repetitions and what models are measured by, and reports what was dropped and why.

    A run that was stopped goes on where it was; the same command starts it again.
    """
    settings = read_configuration(configuration, Curate)
    done = _run(lambda progress: run_curate(settings, configuration.parent, progress), quiet)
    said = "was there already: " if done.again else ""
    print(f"{said}{done.kept:,} of {done.read:,} rows stay; {done.folder / 'report.html'} says why")


@app.command()
def train(
    configuration: Configuration,
    quiet: Quiet = False,
    ray: Annotated[
        Optional[int],  # noqa: UP045 - typer reads it
        typer.Option(metavar="N", min=1, help="Train with N processes on a Ray cluster: that of RAY_ADDRESS."),
    ] = None,
) -> None:
    """Trains a model, or an adapter of one, on what curate wrote. Needs the extra gpt4all-training[train].

    A run that was stopped goes on from its last checkpoint; the same command starts it again.

    \b
    On several GPUs of this machine, with the same configuration:
      accelerate launch --multi_gpu -m gpt4all_training train train.yaml
    """
    settings = read_configuration(configuration, Train)
    base = configuration.parent
    if ray is None:
        done = _run(lambda progress: run_train(settings, base, progress), quiet)
    else:
        done = _run(lambda progress: train_on_ray(settings, base, ray, progress), quiet)
    if not done.told:
        return
    said = "was there already: " if done.again else ""
    print(
        f"{said}{done.steps:,} steps over {done.conversations:,} conversations; the model is in {done.folder / 'model'}"
    )
    if done.held_out:
        held = done.held_out
        print(
            f"held-out loss {held.before:.4f} before, {held.after:.4f} after: {held.difference:+.4f} "
            f"(95% confidence interval {held.low:+.4f} to {held.high:+.4f})"
        )


@app.command()
def export(configuration: Configuration, quiet: Quiet = False) -> None:
    """Makes GGUF files of what train wrote, with a model card and credits. Needs the extra gpt4all-training[export].

    A run that was stopped begins its unfinished file again; the same command starts it again.
    """
    settings = read_configuration(configuration, Export)
    done = _run(lambda progress: run_export(settings, configuration.parent, progress), quiet)
    said = "were there already: " if done.again else ""
    print(f"{said}{len(done.files)} files are in {done.folder}; README.md is the model card")


@app.command()
def dequantise(
    file: Annotated[Path, typer.Argument(metavar="MODEL.gguf", help="The GGUF file.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to write, which is not there yet.")],
) -> None:
    """Writes the model of a GGUF file as a folder to train, its weights in F32. Needs gpt4all-training[export]."""
    weights = _run(lambda _: run_dequantise(file, folder), True)
    print(f"{weights:,} weights are in {folder}")


class Step(str, Enum):
    """The steps that have a configuration."""

    curate = "curate"
    train = "train"
    export = "export"


@app.command()
def schema(step: Annotated[Step, typer.Argument(help="The step.")] = Step.curate) -> None:
    """Prints the JSON Schema of a step's configuration, which editors take to check and complete it."""
    sys.stdout.write(as_json(_CONFIGURATIONS[step].model_json_schema()).decode())


_CONFIGURATIONS: dict[Step, type[Settings]] = {Step.curate: Curate, Step.train: Train, Step.export: Export}


def _run(step: Callable[[Progress], Done], quiet: bool) -> Done:
    """Runs a step, with its progress."""
    try:
        with Bars() as bars:
            return step(Silent() if quiet else bars)
    except KeyboardInterrupt:  # here, as typer would end without a word
        print("gpt4all-train: stopped; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    try:
        app(args=list(sys.argv[1:] if arguments is None else arguments), prog_name="gpt4all-train")
    except SystemExit as ended:  # how typer says that a command is over
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except TrainingError as error:
        print(f"gpt4all-train: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:  # of a disk that fails, for one
        print(f"gpt4all-train: {error}. Start the same command again, which goes on here", file=sys.stderr)
        return FAILED
    return 0
