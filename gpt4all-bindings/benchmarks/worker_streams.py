"""Streams of one open model, read by a loop in C, by threads of Python and by asyncio, in turn.

    worker_streams.py LIBRARY REPEATS PLAN.json

Everything but the loop that reads is the same, so that what differs is what the binding costs. The plan's steps are
sets of requests that are sent at once; each is answered in every way so often, beginning with another way each time.
What is sent at once may be taken up together or in turn, as it happens. So prompts come from the cache, and pieces are
counted only while all answers are being written.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cffi
from gpt4all import AsyncModel, Model
from gpt4all._library import load

Moments = list[float]  # when each piece of one answer arrived


def rate(streams: Iterable[Moments]) -> float:
    """Pieces per second while all streams are being written."""
    streams = list(streams)
    begin, end = max(stream[0] for stream in streams), min(stream[-1] for stream in streams)
    if begin >= end:
        raise RuntimeError("one stream had ended before another began")
    return sum(begin < moment <= end for stream in streams for moment in stream) / (end - begin)


def by_threads(model: Model, requests: list[dict[str, Any]]) -> float:
    """One thread for each answer."""

    def one(request: dict[str, Any]) -> Moments:
        return [time.perf_counter() for _ in model.chat(**request, stream=True)]

    with ThreadPoolExecutor(len(requests)) as pool:
        return rate(pool.map(one, requests))


def by_asyncio(model: AsyncModel, loop: asyncio.AbstractEventLoop, requests: list[dict[str, Any]]) -> float:
    """One task for each answer."""

    async def one(request: dict[str, Any]) -> Moments:
        return [time.perf_counter() async for _ in model.chat(**request, stream=True)]

    async def all_of_them() -> list[Moments]:
        return await asyncio.gather(*map(one, requests))

    return rate(loop.run_until_complete(all_of_them()))


class CLoop:
    """bench_streams() of the same library."""

    def __init__(self, path: str, model: Model) -> None:
        self._ffi = cffi.FFI()
        self._ffi.cdef("double bench_streams(void *model, const char *requests);")
        self._c: Any = self._ffi.dlopen(path)
        library = load()
        self._model = self._ffi.cast("void *", int(library.ffi.cast("uintptr_t", model._handle)))

    def __call__(self, requests: list[dict[str, Any]]) -> float:
        rate = float(self._c.bench_streams(self._model, json.dumps(requests).encode()))
        if rate < 0:
            raise RuntimeError("the loop in C failed")
        return rate


def main() -> None:
    """Opens the model and runs the plan."""
    path, repeats = sys.argv[1], int(sys.argv[2])
    plan = json.loads(Path(sys.argv[3]).read_text())
    loop = asyncio.new_event_loop()
    with Model(plan["model"], **plan["options"]) as model:
        print("ready", flush=True)
        in_c, shared = CLoop(path, model), AsyncModel(model)
        ways: list[tuple[str, Callable[[list[dict[str, Any]]], float]]] = [
            ("c", in_c),
            ("threads", lambda requests: by_threads(model, requests)),
            ("asyncio", lambda requests: by_asyncio(shared, loop, requests)),
        ]
        steps = []
        for requests in plan["steps"]:
            for _, way in ways:
                way(requests)
            rates: dict[str, list[float]] = {name: [] for name, _ in ways}
            for number in range(repeats):
                turn = number % len(ways)
                for name, way in ways[turn:] + ways[:turn]:
                    rates[name].append(way(requests))
            steps.append(rates)
    loop.close()
    print(json.dumps({"steps": steps}))


if __name__ == "__main__":
    main()
