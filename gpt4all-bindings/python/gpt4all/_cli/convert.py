"""gpt4all convert: a model that is not a GGUF file, made one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from . import output
from .command import FAILED, AsJson
from .open_model import Threads


def convert(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A Hugging Face folder, or a model file of 2023.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    type: Annotated[
        str | None, typer.Option("--type", "-t", metavar="TYPE", help="The type to write, such as F16, BF16 or Q4_K_M.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The model's name in the file.")] = None,
    base: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="For a LoRA adapter: the model that it belongs to.")
    ] = None,
    pre_tokenizer: Annotated[
        str, typer.Option(metavar="NAME", help="How the tokenizer splits text, if that cannot be determined.")
    ] = "",
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run Python files that come with the model.")
    ] = False,
    q4_2_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="What Q4_2 of a model file of 2023 becomes: Q6_K, Q8_0, F16, F32."),
    ] = None,
    q4_3_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="What Q4_3 of a model file of 2023 becomes: Q8_0, F16, F32.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> int:
    """Makes a GGUF file from a model folder, a LoRA adapter or a model file of 2023. The file appears only when it is
    complete.

    \b
    Examples:
      gpt4all convert ./gpt-j-6b gpt-j-6b-q4_k_m.gguf --type Q4_K_M
      gpt4all convert ./my-adapter adapter.gguf --base ./llama
      gpt4all convert ggml-gpt4all-j-v1.3-groovy.bin groovy.gguf
      gpt4all convert ggml-vicuna-7b-1.1-q4_2.bin vicuna.gguf --q4-2-type Q8_0
    """
    if source.is_file():
        used = _used({"--type": type, "--base": base, "--pre-tokenizer": pre_tokenizer})
        if used:
            output.fail(f"{used} is for folders; a model file keeps its types, which `gpt4all quantize` can change")
            return FAILED
        options = {"name": name, "q4_2_type": q4_2_type, "q4_3_type": q4_3_type}
        return _old_file(source, out, {key: value for key, value in options.items() if value}, force, as_json)
    if used := _used({"--q4-2-type": q4_2_type, "--q4-3-type": q4_3_type}):
        output.fail(f"{used} is for model files from 2023; for a folder, name the type with --type")
        return FAILED
    from ..conversion import convert_folder

    with output.percent() as progress:
        result = convert_folder(
            source,
            out,
            type=type or "",
            name=name,
            base=base,
            pre_tokenizer=pre_tokenizer,
            trust_remote_code=trust_remote_code,
            threads=threads,
            force=force,
            progress=progress,
        )
    if as_json:
        output.print_json(result)
        return 0
    _tell(out, f"{result['architecture']}, {result['type']}", result)
    return 0


def _used(options: Mapping[str, object]) -> str:
    """The names of those that were given."""
    return ", ".join(option for option, value in options.items() if value)


def _old_file(source: Path, out: Path, options: Any, force: bool, as_json: bool) -> int:
    """A model file of 2023."""
    from .._model import convert as work
    from ..conversion._output import refuse_to_overwrite

    refuse_to_overwrite(out, force)
    with output.percent() as progress:
        result = work(source, out, progress=progress, **options)
    if as_json:
        output.print_json(result)
        return 0
    for choice in result["choices"]:
        output.note(choice)
    _tell(out, f"{result['architecture']}, {result.get('quantization', '')}", result)
    return 0


def _tell(out: Path, what: str, result: Any) -> None:
    sizes = f"{output.in_bytes(result['input_bytes'])} to {output.in_bytes(result['output_bytes'])}"
    print(f"{out}: {what}, {sizes} in {result['ms'] / 1000:.1f} s")
