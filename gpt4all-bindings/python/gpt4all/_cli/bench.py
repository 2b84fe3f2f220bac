"""gpt4all bench: how fast a model reads and writes."""

from __future__ import annotations

import statistics
from typing import Annotated, Any, Literal

import typer

from . import output
from .command import AsJson
from .open_model import Device, GpuLayers, ModelOption, Threads, Workers, opened


def bench(
    model: ModelOption = None,
    prompt: Annotated[int, typer.Option("--prompt", "-p", min=1, help="Tokens to read.")] = 512,
    generate: Annotated[int, typer.Option("--generate", "-n", min=2, help="Tokens to write.")] = 128,
    repetitions: Annotated[int, typer.Option("--repetitions", "-r", min=1, help="How often to measure each.")] = 5,
    device: Device = "auto",
    worker: Workers = None,
    gpu_layers: GpuLayers = -1,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Measures reading (pp) and writing (tg) in tokens per second, after a warm-up of each.

    \b
    Examples:
      gpt4all bench -m smollm2
      gpt4all bench -p 2048 -n 64 -r 3 --threads 4
      gpt4all bench --json | jq .results
    """
    from .._speed import tokens_per_second

    context = prompt + generate + 16
    opening = opened(
        model, n_ctx=context, n_parallel=1, device=device, workers=worker, gpu_layers=gpu_layers, threads=threads
    )
    with opening:
        known: Any = opening.info()
        tests: dict[str, tuple[Literal["prompt", "predicted"], int, int]] = {
            f"pp{prompt}": ("prompt", prompt, 1),
            f"tg{generate}": ("predicted", 1, generate),
        }
        results: list[dict[str, Any]] = []
        for name, test in tests.items():
            speeds = [tokens_per_second(opening, *test, seed) for seed in range(repetitions + 1)][1:]
            spread = statistics.stdev(speeds) if len(speeds) > 1 else 0.0
            results.append(
                {"test": name, "tokens_per_second": statistics.fmean(speeds), "stdev": spread, "all": speeds}
            )
    names = [each["name"] for each in known["memory"]["devices"]]
    name = known.get("name") or known["path"]
    if as_json:
        described = {"model": name, "quantization": known["quantization"], "size": known["size"]}
        output.print_json({**described, "n_params": known["n_params"], "devices": names, "results": results})
        return
    size, parameters = output.in_bytes(known["size"]), output.in_words(known["n_params"])
    row = (f"{name} {known['quantization']}", size, parameters, ", ".join(names))
    rows = [(*row, each["test"], f"{each['tokens_per_second']:.2f} ± {each['stdev']:.2f}") for each in results]
    output.print_table(("MODEL", "SIZE", "PARAMETERS", "DEVICES", "TEST", "TOKENS/S"), rows, right=(1, 2, 4, 5))
