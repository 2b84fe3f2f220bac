"""AsyncModel on a library without an engine: what is waited for without end, at exit and after a fork."""

from __future__ import annotations

import os

import pytest

from conftest import Run

ASYNC = """
import asyncio
from gpt4all import AsyncModel
from gpt4all._async_stream import AsyncStream, finish
from gpt4all._operations import Operation
from gpt4all._stream import Request
import gpt4all._waiters
def request(model, name): return Request(model, Operation(name, {}, dict))
def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline: time.sleep(0.005)
    assert condition()
"""


def program(text: str) -> str:
    return ASYNC + "\n".join(line.removeprefix("        ") for line in text.splitlines())


def test_nothing_is_left_behind(run: Run) -> None:
    run(
        program("""
        model = Model("m")
        async def main():
            for leave in ("break", "aclose", "cancel", "drop", "fail"):
                stream = AsyncStream(request(model, "fail:8" if leave == "fail" else "endless"))
                if leave == "break":
                    async for piece in stream: break
                elif leave == "aclose":
                    await stream.aclose()
                elif leave == "cancel":
                    task = asyncio.ensure_future(stream._whole())
                    await asyncio.sleep(0.05)
                    task.cancel()
                    try: await task
                    except asyncio.CancelledError: pass
                elif leave == "fail":
                    try: await stream
                    except gpt4all.ContextOverflowError: assert stream.text == "a"
                    else: raise AssertionError
                del stream
            silent = asyncio.ensure_future(finish(request(model, "silence")))
            await asyncio.sleep(0.05)
            silent.cancel()
        asyncio.run(main())
        wait_until(lambda: count("live_tasks") == 0)
        assert count("live_errors") == 0
        """)
    )


def test_many_streams_at_once(run: Run) -> None:
    run(
        program("""
        model = Model("m")
        async def main():
            async def some(number):
                pieces = 0
                async for piece in AsyncStream(request(model, "endless")):
                    pieces += 1
                    if pieces == 20: return
            await asyncio.wait_for(asyncio.gather(*map(some, range(200))), 50)
            assert gpt4all._waiters.waiters.threads <= gpt4all._waiters.LIMIT
        asyncio.run(main())
        wait_until(lambda: count("live_tasks") == 0)
        """)
    )


def test_the_program_may_end_meanwhile(run: Run) -> None:
    out = run(
        program("""
        model = Model("m")
        async def main():
            global stream
            stream = AsyncStream(request(model, "silence"))
            await asyncio.sleep(0.05)
            print("end")
        asyncio.run(main())
        """)
    )
    assert out == "end\n"


def test_a_loop_that_was_closed(run: Run) -> None:
    run(
        program("""
        model = Model("m")
        async def main():
            global stream
            stream = AsyncStream(request(model, "endless"))
            await anext(aiter(stream))
            asyncio.ensure_future(asyncio.sleep(0)).cancel()
        asyncio.run(main())
        time.sleep(0.1)
        stream.close()
        wait_until(lambda: count("live_tasks") == 0)
        """)
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_use_after_fork(run: Run) -> None:
    out = run(
        program("""
        model = Model("m")
        async def main():
            async with AsyncModel(model) as asynchronous:
                assert await asynchronous.info() == {}
        asyncio.run(main())
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of CPython 3.12 and newer: the process has threads
        child = os.fork()
        if child == 0:
            async def in_child():
                try: await AsyncModel(model).chat("hi")
                except gpt4all.ClosedError as error: print("forked" in str(error), flush=True)
            asyncio.run(in_child())
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        asyncio.run(main())
        """)
    )
    assert out == "True\n"
