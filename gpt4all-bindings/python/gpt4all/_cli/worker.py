"""gpt4all worker: lets models of other machines compute on this one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .open_model import Threads

if TYPE_CHECKING:
    from types import FrameType

    from .. import types

WARNING = (
    "whoever can connect can use this machine, and crash the worker: there is no password and no encryption. Stop it "
    "with Ctrl-C."
)


def worker(
    host: Annotated[
        str, typer.Option(help="Address to listen on: this machine's, on a private network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for a free one.")] = 50052,
    any_address: Annotated[
        bool,
        typer.Option("--any-address", help="Listen even where strangers may connect: have a firewall keep them out."),
    ] = False,
    device: Annotated[
        str,
        typer.Option(help="What to offer: auto (GPUs, or else the CPU), cpu, gpu, or a name from `gpt4all devices`."),
    ] = "auto",
    threads: Threads = 0,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory for all models, as 8GB [default: what is free].")
    ] = None,
    cache_dir: Annotated[
        Path | None,
        typer.Option("--cache", metavar="FOLDER", help="Keep received weights here, so that models open faster again."),
    ] = None,
) -> int:
    """Lets models of other machines compute here: run it on each, and name them all where the model is opened.

    A model that is too large for one machine is split over several: each holds the weights of some layers and computes
    them. The options --worker of run, chat, bench and serve name them, such as --worker 192.168.1.20:50052. All
    machines need the same release. Only this machine can connect unless --host names its address on a private network;
    from elsewhere, use an SSH tunnel or WireGuard.

    \b
    Examples:
      gpt4all worker --host 192.168.1.20
      gpt4all worker --host 10.0.0.3 --port 50053 --device cpu --memory 12GB --cache ~/.cache/gpt4all-worker
    """
    from .._compat.device_names import device_option
    from .._units import size
    from .._worker import serve_worker

    options: dict[str, Any] = {
        "host": host,
        "port": port,
        "any_address": any_address,
        "device": device_option(device) if device not in ("auto", "cpu") else device,
        "threads": threads,
    }
    if memory is not None:
        options["memory"] = size(memory)
    if cache_dir is not None:
        options["cache_dir"] = str(cache_dir.expanduser())
    with _until_told_to_stop() as told:

        def notify(event: types.WorkerEvent | None) -> bool:
            if event is not None:
                _say(event)
            return not told.is_set()

        serve_worker(notify, **options)
    return 0


def _say(event: types.WorkerEvent) -> None:
    if event["event"] == "listening":
        devices = ", ".join(f"{each['name']} ({each['description']})" for each in event["devices"])
        print(f"listening on {event['host']}:{event['port']}", flush=True)
        output.note(f"offering {devices}, up to {output.in_bytes(event['memory'])}; {WARNING}")
    else:
        output.note(f"{event['peer']} {event['event']}")


@contextmanager
def _until_told_to_stop() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM end it in order, with exit code 0."""
    told = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
