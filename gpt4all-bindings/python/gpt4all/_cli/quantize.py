"""gpt4all quantize: a model in a smaller type, or in many of them, and what that costs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .command import FAILED, AsJson
from .open_model import ModelArgument, Threads, find

if TYPE_CHECKING:
    from ..quality import Comparison, Quality


def quantize(
    model: ModelArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; with --sweep, a folder.")],
    type: Annotated[str, typer.Argument(metavar="[TYPE]", help="The type to write, such as Q4_K_M, Q8_0 or F16.")] = "",
    imatrix: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An importance matrix made by `gpt4all imatrix`.")
    ] = None,
    pure: Annotated[bool, typer.Option("--pure", help="Give every tensor the same type.")] = False,
    again: Annotated[
        bool, typer.Option("--allow-requantize", help="Accept a model that is already quantised, at a cost in quality.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Compare the new file with the model.")] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="Try many types, and recommend one for this machine.")] = False,
    types: Annotated[str, typer.Option(metavar="T,T,…", help="Types for --sweep.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the files that --sweep makes.")] = False,
    text: Annotated[Path | None, typer.Option(metavar="FILE", help="The text that the models have to predict.")] = None,
    chunks: Annotated[int, typer.Option(min=1, help="How many chunks of 512 tokens of the text to evaluate.")] = 4,
    n_ctx: Annotated[int, typer.Option(min=64, help="The context for which memory is estimated.")] = 4096,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> int:
    """Writes a model in another type. The file appears only when it is complete.

    With --report, it is compared with the original: perplexity, Kullback-Leibler divergence, speed and memory. With
    --sweep, this is done for many types: sweep.md, sweep.json and sweep.svg are written to OUT, and the best type for
    this machine is recommended.

    \b
    Examples:
      gpt4all quantize model-f16.gguf model-q4_k_m.gguf Q4_K_M
      gpt4all quantize --report model-f16.gguf model-q8_0.gguf Q8_0
      gpt4all quantize --sweep model-f16.gguf sweep
      gpt4all quantize --sweep --types Q6_K,Q5_K_M,Q4_K_M --keep model-f16.gguf sweep
      gpt4all quantize --imatrix model-imatrix.gguf model-f16.gguf model-iq2_m.gguf IQ2_M
    """
    if bool(type) == sweep:
        raise typer.BadParameter(
            "--sweep takes --types instead of a TYPE" if sweep else "name the TYPE, such as Q4_K_M"
        )
    if out.exists() and not force and not sweep:
        output.fail(f"{out} already exists; use --force to overwrite it")
        return FAILED
    options: dict[str, Any] = {"pure": pure, "allow_requantize": again}
    if imatrix is not None:
        options["imatrix"] = str(imatrix)
    judging: dict[str, Any] = {"chunks": chunks, "n_ctx": n_ctx, "threads": threads}
    if text is not None:
        judging["text"] = output.read_text(text)
    path = find(model)
    if sweep:
        return _sweep(
            path, out, [each.strip() for each in types.split(",") if each.strip()], keep, judging, options, as_json
        )

    from .._model import quantize as work
    from ..quality import compare
    from ..quality._packages import require

    if report:
        require("numpy")  # before the work, and not after it
    options |= {"type": type, "threads": threads}
    result: dict[str, Any] = {**work(path, out, progress=lambda done: _show("writing", done), **options)}
    sizes = f"{output.in_bytes(result['input_bytes'])} to {output.in_bytes(result['output_bytes'])}"
    if not as_json:
        print(f"{out}: {result['type']}, {sizes} in {result.get('ms', 0) / 1000:.1f} s")
    comparison = compare(path, [out], report=_show, **judging) if report else None
    _print(comparison, {"path": str(out), **result}, as_json)
    return 0


def _sweep(
    path: Path,
    folder: Path,
    types: list[str],
    keep: bool,
    judging: dict[str, Any],
    options: dict[str, Any],
    as_json: bool,
) -> int:
    from .. import devices
    from ..quality import as_json as in_json
    from ..quality import as_markdown, plot, recommend, sweep
    from ..quality._packages import require

    require("numpy", "matplotlib")
    comparison = sweep(path, folder, types or None, keep=keep, report=_show, **judging, **options)
    (folder / "sweep.md").write_text(as_markdown(comparison), encoding="utf-8")
    (folder / "sweep.json").write_text(json.dumps(in_json(comparison), indent=1) + "\n", encoding="utf-8")
    plot(comparison, folder / "sweep.svg")
    free = sum(each.get("memory_free", 0) for each in devices()["devices"] if each["type"] == "cpu")
    best = recommend(comparison.models, free)
    _print(comparison, {"recommended": best.quantization if best else None, "memory_free": free}, as_json)
    if not as_json:
        print(_advice(best, free))
        print(f"written to {folder}: sweep.md, sweep.json and sweep.svg")
    return 0


def _advice(best: Quality | None, free: int) -> str:
    from ..quality import GOOD_AGREEMENT

    have = f"With {output.in_bytes(free)} of memory free"
    if best is None or best.divergence is None:
        return f"{have}, none of these fits: choose a smaller type, or a smaller --n-ctx."
    agreement = f"{100 * best.divergence.top_agreement:.1f} % of its most likely tokens are the original's"
    if best.divergence.top_agreement < GOOD_AGREEMENT:
        return f"{have}, take {best.quantization}: it is the closest that fits, though only {agreement}."
    return f"{have}, take {best.quantization}: {agreement}, and of such types it writes fastest."


def _print(comparison: Comparison | None, result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        from ..quality import as_json as in_json

        output.print_json({**result, **(in_json(comparison) if comparison else {})})
    elif comparison:
        from ..quality._table import HEADINGS, as_rows

        output.print_table(HEADINGS, as_rows(comparison), right=tuple(range(1, len(HEADINGS))))


_shown = ""


def _show(what: str, fraction: float) -> None:
    """The work that is being done, on one line of a terminal."""
    global _shown
    line = f"{what}: {int(fraction * 100):3} %"
    if line == _shown or not sys.stderr.isatty() or output.State.quiet:
        return
    _shown = line
    end = "\r\x1b[K" if fraction >= 1 else ""
    print(f"\r\x1b[K{line}{end}", end="", file=sys.stderr, flush=True)
