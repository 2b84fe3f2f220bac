"""gpt4all bench: how fast a model reads and writes."""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import _output
from ._command import AsJson
from ._models import Device, GpuLayers, ModelOption, Threads, opened

if TYPE_CHECKING:
    from ..model import Model


def bench(
    model: ModelOption = None,
    prompt: Annotated[int, typer.Option("--prompt", "-p", min=1, help="Tokens to read.")] = 512,
    generate: Annotated[int, typer.Option("--generate", "-n", min=2, help="Tokens to write.")] = 128,
    repetitions: Annotated[int, typer.Option("--repetitions", "-r", min=1, help="Measurements of each.")] = 5,
    device: Device = "auto",
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
    context = prompt + generate + 16
    with opened(model, n_ctx=context, n_parallel=1, device=device, gpu_layers=gpu_layers, threads=threads) as opening:
        known: Any = opening.info()
        tests = {f"pp{prompt}": (prompt, 1, "prompt"), f"tg{generate}": (1, generate, "predicted")}
        results: list[dict[str, Any]] = []
        for name, (reads, writes, part) in tests.items():
            speeds = [_speed(opening, reads, writes, part, seed) for seed in range(repetitions + 1)][1:]
            spread = statistics.stdev(speeds) if len(speeds) > 1 else 0.0
            results.append(
                {"test": name, "tokens_per_second": statistics.fmean(speeds), "stdev": spread, "all": speeds}
            )
    names = [each["name"] for each in known["memory"]["devices"]]
    name = known.get("name") or known["path"]
    if as_json:
        described = {"model": name, "quantization": known["quantization"], "size": known["size"]}
        _output.print_json({**described, "n_params": known["n_params"], "devices": names, "results": results})
        return
    size, parameters = _output.in_bytes(known["size"]), _output.in_words(known["n_params"])
    row = (f"{name} {known['quantization']}", size, parameters, ", ".join(names))
    rows = [(*row, each["test"], f"{each['tokens_per_second']:.2f} ± {each['stdev']:.2f}") for each in results]
    _output.print_table(("MODEL", "SIZE", "PARAMETERS", "DEVICES", "TEST", "TOKENS/S"), rows, right=(1, 2, 4, 5))


def _speed(model: Model, reads: int, writes: int, part: str, seed: int) -> float:
    """Tokens a second of one request, which shares no beginning with the one before."""
    tokens = random.Random(seed).choices(range(10, min(model.info()["n_vocab"], 1000)), k=reads)
    result = model.complete(tokens, max_tokens=writes, ignore_eos=True, cache_prompt=False, temperature=0)
    timings: Any = result.timings
    return float(timings[f"{part}_per_second"])
