"""The command line: gpt4all run "Why is the sky blue?"

Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 130 stopped by Ctrl-C, 141 the reader of the output went away.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    from . import output
    from .app import app
    from .command import unwritten_code

    output.prepare_streams()
    try:
        app(args=list(sys.argv[1:] if arguments is None else arguments), prog_name="gpt4all")
        code = 0
    except SystemExit as ended:  # how typer says that a command is over
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except OSError as error:  # from a help text; commands see to their own
        return unwritten_code(output.flush() or error)
    unwritten = output.flush()
    return unwritten_code(unwritten) if unwritten else code
