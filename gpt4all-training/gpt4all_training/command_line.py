"""The command line: gpt4all-train curate curate.yaml

Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from .configuration import read_configuration
from .curate import Curate
from .curate import curate as run_curate
from .errors import TrainingError
from .manifest import as_json
from .progress import Bars, Silent

FAILED, INTERRUPTED = 1, 130

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
      gpt4all-train schema > curate.schema.json

    \b
    Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
    """


@app.command()
def curate(
    configuration: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration, in YAML.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Cleans conversations, drops repetitions and what models are measured by, and reports what was dropped and why.

    A run that was stopped goes on where it was; the same command starts it again.
    """
    settings = read_configuration(configuration, Curate)
    try:
        with Bars() as bars:
            done = run_curate(settings, configuration.parent, Silent() if quiet else bars)
    except KeyboardInterrupt:  # here, as typer would end without a word
        print("gpt4all-train: stopped; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    said = "was there already: " if done.again else ""
    print(f"{said}{done.kept:,} of {done.read:,} rows stay; {done.folder / 'report.html'} says why")


@app.command()
def schema() -> None:
    """Prints the JSON Schema of curate's configuration, which editors take to check and complete it."""
    sys.stdout.write(as_json(Curate.model_json_schema()).decode())


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
