"""gpt4all run: one prompt, one answer."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .command import FAILED, INTERRUPTED, AsJson
from .open_model import ChatTemplate, Context, Device, GpuLayers, ModelOption, Threads, Workers, opened_to_chat
from .sampling import MaxTokens, MinP, Seed, Stop, System, Temperature, TopK, TopP, request_of

if TYPE_CHECKING:
    from .._model import Model
    from .._results import ChatResult
    from .._stream import Stream


def run(
    prompt: Annotated[
        str | None, typer.Argument(metavar="PROMPT", help="The question; - or nothing reads standard input.")
    ] = None,
    model: ModelOption = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--file", "-f", metavar="FILE", help="A text file to put before the prompt; - is standard input."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the JSON Schema that the answer must follow.")
    ] = None,
    system: System = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    top_p: TopP = None,
    top_k: TopK = None,
    min_p: MinP = None,
    seed: Seed = None,
    stop: Stop = None,
    chat_template: ChatTemplate = None,
    n_ctx: Context = 0,
    device: Device = "auto",
    worker: Workers = None,
    gpu_layers: GpuLayers = -1,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> int:
    """Answers one prompt, showing the answer as it is written, and then prints the speed on stderr.

    \b
    Examples:
      gpt4all run "Why is the sky blue?"
      gpt4all run -m qwen3-4b --temperature 0 --max-tokens 64 "Name three colours."
      gpt4all run -f report.txt -f notes.txt "What do these have in common?"
      cat letter.txt | gpt4all run -f - "Summarise this letter."
      gpt4all run --json --schema city.json "Describe Berlin as JSON."
    """
    text = _prompt(prompt, file or [])
    if not text.strip():
        output.fail("the prompt is empty; give one as an argument, in a file with -f, or on standard input")
        return FAILED
    request = request_of(
        max_tokens=max_tokens, temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p, seed=seed, stop=stop
    )
    if schema is not None:
        request["response_format"] = _schema(schema)
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": text})
    opening = opened_to_chat(
        model,
        chat_template=chat_template,
        n_ctx=n_ctx,
        device=device,
        workers=worker,
        gpu_layers=gpu_layers,
        threads=threads,
    )
    with opening as answering:
        if as_json:
            output.print_json(answering.chat(messages, **request).raw)
            return 0
        return _answer(answering, messages, request)


def _prompt(given: str | None, files: list[str]) -> str:
    texts = [output.read_text(name) for name in files]
    if len(texts) > 1:
        texts = [f"{name}:\n\n{text.strip()}" for name, text in zip(files, texts, strict=True)]
    if given is None and not files:
        if sys.stdin.isatty():
            output.note("Type the prompt, then Ctrl-D:")
        given = "-"
    if given is not None:
        texts.append(output.read_text("-") if given == "-" else given)
    return "\n\n".join(texts)


def _schema(path: Path) -> dict[str, Any]:
    from .._errors import InvalidArgumentError

    try:
        schema = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"{path} is not JSON: {error}") from error
    if not isinstance(schema, dict):
        raise InvalidArgumentError(f"{path} is not a JSON Schema: it must be an object")
    return schema


def _answer(model: Model, messages: list[dict[str, str]], request: dict[str, Any]) -> int:
    started = time.monotonic()
    first: float | None = None
    with model.chat(messages, stream=True, **request) as stream:
        try:
            for piece in stream:
                if first is None:
                    first = time.monotonic()
                sys.stdout.write(output.safe(piece))
                sys.stdout.flush()
        except KeyboardInterrupt:
            stream.close()
            seconds = time.monotonic() - (first or started)
            output.note("\n" + _speed_so_far(model, stream, seconds, first and first - started))
            return INTERRUPTED
        sys.stdout.write("\n")
        sys.stdout.flush()
        output.note(speed(stream.result, first and first - started))
    return 0


def speed(result: ChatResult, to_first: float | None) -> str:
    """An answer's length and speed, in words. to_first: seconds to its first piece."""
    timings = result.timings
    line = f"{timings['predicted_n']} tokens, {timings['predicted_per_second']:.1f} tokens/s"
    line += f" (prompt {timings['prompt_n']} tokens, {timings['prompt_per_second']:.1f} tokens/s)"
    return line + _first(to_first)


def _speed_so_far(model: Model, stream: Stream[ChatResult], seconds: float, to_first: float | None) -> str:
    """An interrupted request has no result, so the tokens of what it wrote are counted."""
    tokens = len(model.tokenize(stream.text)) if stream.text else 0
    line = f"interrupted after {tokens} tokens"
    if tokens > 1 and seconds > 0:
        line += f", {(tokens - 1) / seconds:.1f} tokens/s"
    return line + _first(to_first)


def _first(seconds: float | None) -> str:
    return "" if seconds is None else f", first token after {seconds * 1000:.0f} ms"
