"""The command line: python -m gpt4all run "Why is the sky blue?" """

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from ._errors import LLModelError, ModelNotFoundError
from .gpt4all import DEFAULT_MODEL, GPT4All, find_model
from .model import build_info, devices, inspect
from .results import ChatResult
from .stream import Stream

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE

EXAMPLES = """examples:
  gpt4all run "Why is the sky blue?"
  gpt4all run --model model.gguf --temperature 0 --max-tokens 64 "Name three colours."
  cat letter.txt | gpt4all run -
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0, 1 for an error, 2 for wrong usage, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an answer may hold what the terminal's encoding has not
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
        sys.stdout.flush()
        return code
    except LLModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Python flushes stdout once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gpt4all",
        description="Runs language models on this machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="answer a prompt", description="Answers a prompt, as it is written.")
    run.add_argument("prompt", nargs="?", metavar="PROMPT", help="what to ask; - or nothing reads standard input")
    run.add_argument("--model", help=f"a model file, or the name of one in the cache (default: {DEFAULT_MODEL})")
    run.add_argument("--max-tokens", type=int, metavar="N", help="longest answer")
    run.add_argument("--temperature", type=float, metavar="T", help="0 always takes the likeliest token")
    run.add_argument("--seed", type=int, metavar="S", help="the same seed gives the same answer")
    run.add_argument("--json", action="store_true", help="print the whole result as JSON when it is complete")
    run.set_defaults(command=_run)

    show = commands.add_parser("inspect", help="tell a model file's metadata and memory needs, as JSON")
    show.add_argument("model", help="a model file, or the name of one in the cache")
    show.set_defaults(command=lambda options: _print_json(inspect(find_model(options.model))))

    commands.add_parser("devices", help="tell what models can run on, as JSON").set_defaults(
        command=lambda _: _print_json(devices())
    )
    commands.add_parser("info", help="tell how the library was built, as JSON").set_defaults(
        command=lambda _: _print_json(build_info())
    )
    return parser


def _print_json(value: Any) -> int:
    print(json.dumps(value, indent=2, ensure_ascii=False))
    return 0


def _run(options: argparse.Namespace) -> int:
    prompt = _prompt(options.prompt)
    if not prompt.strip():
        print("error: the prompt is empty", file=sys.stderr)
        return EXIT_FAILED
    wishes = ("max_tokens", "temperature", "seed")
    request = {name: getattr(options, name) for name in wishes if getattr(options, name) is not None}
    with GPT4All(_model(options.model)) as model:
        if options.json:
            return _print_json(model.chat(prompt, **request).raw)
        return _answer(model, prompt, request)


def _prompt(given: str | None) -> str:
    if given is not None and given != "-":
        return given
    if given is None and sys.stdin.isatty():
        print("Type the prompt, then Ctrl-D:", file=sys.stderr)
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _model(given: str | None) -> str:
    try:
        return os.fspath(find_model(given or DEFAULT_MODEL))
    except ModelNotFoundError as error:
        if given is None:
            raise ModelNotFoundError(
                f"{error}. `make run` fetches it; or name a file with --model", error.detail
            ) from error
        raise


def _answer(model: GPT4All, prompt: str, request: dict[str, Any]) -> int:
    """Streams an answer to stdout and then tells its speed on stderr."""
    started = time.monotonic()
    first: float | None = None
    with model.chat(prompt, stream=True, **request) as stream:
        try:
            for piece in stream:
                if first is None:
                    first = time.monotonic()
                sys.stdout.write(piece)
                sys.stdout.flush()
        except KeyboardInterrupt:
            stream.close()
            seconds = time.monotonic() - (first or started)
            print("\n" + _speed_so_far(model, stream, seconds, first and first - started), file=sys.stderr)
            return EXIT_INTERRUPTED
        sys.stdout.write("\n")
        sys.stdout.flush()
        print(_speed(stream.result, first and first - started), file=sys.stderr)
    return 0


def _speed(result: ChatResult, to_first: float | None) -> str:
    timings = result.timings
    line = f"{timings['predicted_n']} tokens, {timings['predicted_per_second']:.1f} tokens/s"
    line += f" (prompt {timings['prompt_n']} tokens, {timings['prompt_per_second']:.1f} tokens/s)"
    return line + _first(to_first)


def _speed_so_far(model: GPT4All, stream: Stream[ChatResult], seconds: float, to_first: float | None) -> str:
    """An interrupted request has no result, so the tokens of what it wrote are counted."""
    tokens = len(model.tokenize(stream.text)) if stream.text else 0
    line = f"interrupted after {tokens} tokens"
    if tokens > 1 and seconds > 0:
        line += f", {(tokens - 1) / seconds:.1f} tokens/s"
    return line + _first(to_first)


def _first(seconds: float | None) -> str:
    return "" if seconds is None else f", first token after {seconds * 1000:.0f} ms"
