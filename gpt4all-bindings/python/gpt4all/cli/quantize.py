"""gpt4all quantize: a model in a smaller type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import _output
from ._command import FAILED, AsJson
from ._models import ModelArgument, Threads, find


def quantize(
    model: ModelArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    type: Annotated[str, typer.Argument(metavar="TYPE", help="Such as Q4_K_M, Q8_0 or F16.")],
    imatrix: Annotated[Path | None, typer.Option(metavar="FILE", help="The importance of weights.")] = None,
    pure: Annotated[bool, typer.Option("--pure", help="Give every tensor the same type.")] = False,
    again: Annotated[
        bool, typer.Option("--allow-requantize", help="Take a model that is quantised already, which costs quality.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> int:
    """Writes a model in another type. The file appears when it is complete.

    \b
    Examples:
      gpt4all quantize model-f16.gguf model-q4_k_m.gguf Q4_K_M
      gpt4all quantize --imatrix model.imatrix model-f16.gguf model-iq2_m.gguf IQ2_M
    """
    from ..model import quantize as work

    if out.exists() and not force:
        _output.fail(f"{out} is there already; --force writes over it")
        return FAILED
    options: Any = {"type": type, "pure": pure, "allow_requantize": again, "threads": threads}
    if imatrix is not None:
        options["imatrix"] = str(imatrix)
    path = find(model)
    with _output.percent() as progress:
        result = work(path, out, progress=progress, **options)
    if as_json:
        _output.print_json({"path": str(out), **result})
        return 0
    sizes = f"{_output.in_bytes(result['input_bytes'])} to {_output.in_bytes(result['output_bytes'])}"
    print(f"{out}: {result['type']}, {sizes} in {result.get('ms', 0) / 1000:.1f} s")
    return 0
