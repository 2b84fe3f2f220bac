"""gpt4all chat: a conversation in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output
from .command import FAILED
from .open_model import ChatTemplate, Context, Device, GpuLayers, ModelOption, Threads, Workers, opened_to_chat
from .sampling import MaxTokens, MinP, Seed, Stop, System, Temperature, TopK, TopP, request_of

if TYPE_CHECKING:
    from .._results import ChatResult
    from .._stream import Stream
    from .chat_commands import Chat

INTRODUCTION = "/help lists the commands. Alt-Enter begins a new line, Ctrl-C stops an answer, Ctrl-D leaves."


def chat(
    model: ModelOption = None,
    load: Annotated[Path | None, typer.Option(metavar="FILE", help="Continue a conversation saved with /save.")] = None,
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
) -> int:
    """Chats with a model. If standard input is not a terminal, each of its lines is a question.

    \b
    Examples:
      gpt4all chat
      gpt4all chat -m qwen3-4b --system "You answer in one sentence."
      gpt4all chat --load talk.json
      gpt4all chat < questions.txt
    """
    from .._session import Session
    from .chat_commands import Chat

    options = request_of(
        max_tokens=max_tokens, temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p, seed=seed, stop=stop
    )

    def open_model(name: str | None) -> Session:
        opening = opened_to_chat(
            name,
            chat_template=chat_template,
            n_ctx=n_ctx,
            device=device,
            workers=worker,
            gpu_layers=gpu_layers,
            threads=threads,
        )
        return Session(opening, keep_partial=True, **options)

    talk = Chat(open_model, model, answer)
    try:
        if load is not None:
            talk.load(str(load))
        if system is not None:
            talk.session.system = system
        if sys.stdin.isatty() and sys.stdout.isatty():
            _talk(talk)
            return 0
        return _lines(talk)
    finally:
        talk.close()


def _lines(talk: Chat) -> int:
    """Answers what comes on standard input, line by line. The first failure ends it."""
    for line in sys.stdin.buffer:
        text = output.decode(line, "a question on standard input").strip()
        if text and not talk.handle(text):
            break
        sys.stdout.flush()
        if talk.failed:
            return FAILED
    return 0


def _talk(talk: Chat) -> None:
    from .chat_input import questions

    output.note(f"{Path(talk.session.model.path).name}. {INTRODUCTION}")
    for text in questions(talk):
        if not talk.handle(text):
            break


def answer(ask: Callable[[], Stream[ChatResult]]) -> None:
    """Shows an answer as it is written: rendered on a terminal, else as it is.

    Raises LLModelError; KeyboardInterrupt, after which the conversation keeps what had come.
    """
    from .run import speed

    with ask() as stream:
        if not sys.stdout.isatty():
            for piece in stream:
                print(piece, end="", flush=True)
            print(flush=True)
            return
        from .chat_render import render

        render(stream)
        output.note(f"[{speed(stream.result, None)}]")
