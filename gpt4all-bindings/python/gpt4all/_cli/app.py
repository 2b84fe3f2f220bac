"""The commands, and the options before them."""

from __future__ import annotations

from typing import Annotated

import typer

from . import (
    application,
    bench,
    chat,
    convert,
    docs,
    evaluate,
    imatrix,
    machine,
    models,
    output,
    quantize,
    run,
    serve,
    show,
    vectors,
    worker,
)
from .command import command

app = typer.Typer(
    name="gpt4all",
    rich_markup_mode=None,  # plain help: it starts faster, and reads the same everywhere
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from .._version import version

        print(f"gpt4all {version()}")
        raise typer.Exit


@app.callback()
def before(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, speed or hints on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback for errors.")] = False,
) -> None:
    """Runs language models on this machine.

    \b
    Examples:
      gpt4all pull smollm2
      gpt4all run "Why is the sky blue?"
      gpt4all chat
      gpt4all app
      gpt4all list
      gpt4all doctor

    \b
    Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C.
    Models are kept in ~/.cache/gpt4all, or $GPT4ALL_CACHE. GPT4ALL_OFFLINE=1 turns network access off.
    """
    output.State.quiet = quiet
    output.State.debug = debug


for _function in (
    run.run,
    chat.chat,
    application.app,
    serve.serve,
    worker.worker,
    models.list_,
    show.show,
    models.pull,
    models.verify,
    models.rm,
    models.prune,
    vectors.embed,
    vectors.tokenize,
    convert.convert,
    quantize.quantize,
    imatrix.imatrix,
    evaluate.evaluate,
    bench.bench,
    machine.devices,
    machine.doctor,
):
    app.command(_function.__name__.rstrip("_"))(command(_function))

documents = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@documents.callback()
def _documents() -> None:
    """Finds what your own documents say, and answers from them.

    \b
    Examples:
      gpt4all docs add notes ./notes
      gpt4all docs ask "When is the rent due?"
    """


for _own in docs.COMMANDS:
    documents.command(_own.__name__.rstrip("_"))(command(_own))
app.add_typer(documents, name="docs")
