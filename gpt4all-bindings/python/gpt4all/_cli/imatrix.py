"""gpt4all imatrix: which weights of a model matter, for quantising it to the smallest types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import output
from .command import FAILED, AsJson
from .open_model import Device, GpuLayers, ModelArgument, Threads, find


def imatrix(
    model: ModelArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    text: Annotated[
        Path, typer.Option(metavar="FILE", help="The text to run, in UTF-8; it should resemble what the model is for.")
    ],
    chunks: Annotated[int, typer.Option(min=0, max=1_000_000, help="Maximum number of chunks to read; 0 for all.")] = 0,
    n_ctx: Annotated[int, typer.Option(min=0, help="Tokens per chunk; 0 for 512.")] = 0,
    output_tensor: Annotated[
        bool, typer.Option("--output-tensor", help="Also measure the output tensor, which is only lightly quantised.")
    ] = False,
    device: Device = "auto",
    gpu_layers: GpuLayers = -1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> int:
    """Measures which weights of a model matter, by running it over a text. The file appears only when it is complete.

    `gpt4all quantize --imatrix` makes better files with the result, and needs it for the smallest types. The text
    should have about ten thousand tokens, and must not overlap with the text that --report evaluates.

    \b
    Examples:
      gpt4all imatrix model-f16.gguf model-imatrix.gguf --text prose.txt
      gpt4all imatrix model-f16.gguf model-imatrix.gguf --text prose.txt --chunks 100
      gpt4all imatrix mistral-7b-f16.gguf matrix.gguf --text prose.txt --device gpu --gpu-layers 20
    """
    if out.exists() and not force:
        output.fail(f"{out} already exists; use --force to overwrite it")
        return FAILED

    from .._compat.device_names import device_option
    from .._model import imatrix as work

    options: dict[str, Any] = {
        "file": str(text),
        "chunks": chunks,
        "n_ctx": n_ctx,
        "output_tensor": output_tensor,
        "device": device_option(device) if device not in ("auto", "cpu") else device,
        "n_gpu_layers": gpu_layers,
        "threads": threads,
    }
    path = find(model)
    with output.percent() as progress:
        result = work(path, out, progress=progress, **options)
    if as_json:
        output.print_json(result)
        return 0
    print(f"{out}: {result['weights']} weights, {result['tokens']} tokens in {result['ms'] / 1000:.1f} s")
    if result["idle_experts"]:
        output.note(f"{result['idle_experts']} experts saw no token; a longer text helps")
    return 0
