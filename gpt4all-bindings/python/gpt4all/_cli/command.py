"""What all commands have in common: --quiet and --debug, and what becomes of their errors."""

from __future__ import annotations

import errno
import inspect
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

from . import output

FAILED = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
BROKEN_PIPE = 141  # 128 + SIGPIPE

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, speed or hints on stderr.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show Python's traceback for errors.", hidden=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_SHARED = (("quiet", Quiet), ("debug", Debug))


def command(function: Callable[..., int | None]) -> Callable[..., None]:
    """A command for typer: with the options of all, its errors turned into one line and an exit code."""

    def run(**arguments: Any) -> None:
        output.State.quiet |= arguments.pop("quiet")
        output.State.debug |= arguments.pop("debug")
        raise typer.Exit(_run(lambda: function(**arguments)))

    signature = inspect.signature(function, eval_str=True)
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for name, annotation in _SHARED
    ]
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in signature.parameters.values()]
    described: Any = run
    described.__signature__ = signature.replace(parameters=[*parameters, *shared], return_annotation=None)
    described.__annotations__ = {each.name: each.annotation for each in [*parameters, *shared]}
    described.__name__, described.__doc__ = function.__name__, function.__doc__
    return run


def _run(work: Callable[[], int | None]) -> int:
    try:
        code = work() or 0
    except KeyboardInterrupt:
        output.note("interrupted")
        code = INTERRUPTED
    except (typer.Exit, typer.BadParameter):
        raise
    except BrokenPipeError as error:
        return unwritten_code(output.flush() or error)
    except Exception as error:
        unwritten = output.flush()
        return unwritten_code(unwritten) if unwritten else _failed(error)
    unwritten = output.flush()
    return unwritten_code(unwritten) if unwritten else code


def unwritten_code(error: OSError) -> int:
    """Says that standard output cannot be written to, unless who read it simply went away."""
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    closed = error.errno == errno.EBADF
    output.fail("standard output is closed" if closed else f"standard output cannot be written: {error.strerror}")
    return FAILED


def _failed(error: Exception) -> int:
    from .._errors import LLModelError

    if output.State.debug:
        traceback.print_exc()
    if isinstance(error, OSError) and not isinstance(error, LLModelError) and error.filename is None:
        return unwritten_code(error)
    if isinstance(error, (LLModelError, OSError)):
        output.fail(str(error))
    else:
        hint = (
            "" if output.State.debug else "; this is a bug: please run it again with --debug and report what it prints"
        )
        output.fail(f"{type(error).__name__}: {error}{hint}")
    return FAILED
