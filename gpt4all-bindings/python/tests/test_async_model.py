"""AsyncModel and its streams, with the real engine on the tiny models."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import math
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

import gpt4all
from conftest import TINY_MODELS
from gpt4all import AsyncModel, Model, _waiters

GREEDY: Any = {"temperature": 0, "max_tokens": 24}
ENDLESS: Any = {"max_tokens": 3000, "ignore_eos": True}

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(main, 60), debug=True)


async def until_idle(model: Model) -> None:
    """Waits until every slot is free: an answer then comes at once."""
    await asyncio.wait_for(asyncio.to_thread(model.chat, "hello", max_tokens=1), 10)


def test_it_answers_as_a_model_does(tiny: Model) -> None:
    async def main() -> None:
        model = AsyncModel(tiny)
        expected = tiny.chat("hello", **GREEDY).text
        assert (await model.chat("hello", **GREEDY)).text == expected
        stream = model.chat("hello", stream=True, **GREEDY)
        assert "".join([piece async for piece in stream]) == expected == stream.text == stream.result.text
        assert (await stream).text == expected
        assert [piece async for piece in stream] == []
        assert (await model.chat("hello", stream=True, **GREEDY)).text == expected
        assert (await model.complete("the", **GREEDY)).text == tiny.complete("the", **GREEDY).text
        events = [e async for e in model.complete("the", stream=True, return_progress=True, **GREEDY).events()]
        kinds = [event.kind for event in events]
        assert (kinds[0], kinds[-2:]) == ("started", ["result", "done"])
        assert {"progress", "text"} <= set(kinds)
        with pytest.raises(gpt4all.UnsupportedError):
            await model.infill("a", "b")

    run(main())


def test_all_other_operations(tiny: Model, tmp_path: Path) -> None:
    async def main() -> None:
        model = AsyncModel(tiny)
        tokens = await model.tokenize("the red cat")
        assert tokens == tiny.tokenize("the red cat")
        assert await model.detokenize(tokens) == tiny.detokenize(tokens)
        assert await model.apply_template("hi") == tiny.apply_template("hi")
        assert await model.count_tokens("hi") == tiny.count_tokens("hi")
        scores = await model.score("the", [" cat"], logprob_rows="continuation")
        assert math.isclose(scores[0].logprob, tiny.score("the", [" cat"])[0].logprob, abs_tol=1e-5)
        assert scores.rows
        batch = await model.score_batch([("the", [" cat"]), ("a", [" dog"])])
        assert math.isclose(batch[0][0].logprob, scores[0].logprob, abs_tol=0.01)
        assert await model.adapters() == []
        assert (await model.info())["n_params"] == tiny.info()["n_params"]
        await model.save_state(tmp_path / "state")
        assert (await model.restore_state(tmp_path / "state"))["n_bytes"] > 0
        with pytest.raises(gpt4all.UnsupportedError):
            await model.rerank("query", ["document"])

    run(main())


def test_embeddings(library: str) -> None:
    async def main() -> None:
        async with AsyncModel(TINY_MODELS / "tiny-bert.gguf") as model:
            vectors = await model.embed(["the red cat", "hello world"])
            assert len(vectors) == 2
            assert list(vectors[0]) == pytest.approx(list((await model.embed("the red cat"))[0]), abs=1e-5)

    run(main())


def test_opening_and_closing(tiny_path: Path, tmp_path: Path) -> None:
    async def main() -> None:
        steps: list[float] = []
        model = AsyncModel(tiny_path, progress=steps.append)
        assert model.closed
        with pytest.raises(gpt4all.ClosedError, match="async with"):
            await model.chat("hello")
        assert await model is model
        assert steps[-1] == 1
        assert (await model.chat("hello", **GREEDY)).text
        running = asyncio.ensure_future(model.chat("hello", **ENDLESS))
        await asyncio.sleep(0.05)
        await model.close()
        await model.close()
        with pytest.raises(gpt4all.CancellationError):
            await running
        with pytest.raises(gpt4all.ClosedError):
            await model.chat("hello")
        async with AsyncModel(tiny_path) as other:
            assert not other.closed
        assert other.closed
        with pytest.raises(gpt4all.ClosedError):
            await other.chat("hello")
        with pytest.raises(gpt4all.ModelNotFoundError):
            await AsyncModel(tmp_path / "missing.gguf")
        with pytest.raises(gpt4all.CancellationError):
            await AsyncModel(tiny_path, progress=lambda _: False)
        never = AsyncModel(tiny_path)
        await never.close()
        with pytest.raises(gpt4all.ClosedError):
            await never

    run(main())


def test_a_shared_model_stays_open(tiny: Model) -> None:
    async def main() -> None:
        async with AsyncModel(tiny) as model:
            assert model.model is tiny
        assert not tiny.closed

    run(main())


def test_a_loop_that_is_left_can_be_gone_on_with(tiny: Model) -> None:
    async def main() -> None:
        model = AsyncModel(tiny)
        whole = await model.chat("hello", temperature=0, max_tokens=12, ignore_eos=True)
        stream = model.chat("hello", stream=True, temperature=0, max_tokens=12, ignore_eos=True)
        first = await anext(stream)
        async for piece in stream:
            assert first + piece == stream.text
            break
        async for event in stream.events():
            assert event.kind == "text"
            break
        assert (await stream).text == stream.text == whole.text

    run(main())


def test_closing_or_dropping_a_stream_cancels(tiny: Model) -> None:
    async def main() -> None:
        model = AsyncModel(tiny)
        stream = model.chat("hello", stream=True, **ENDLESS)
        async for piece in stream:
            assert piece == stream.text
            break
        stream.close()
        with pytest.raises(gpt4all.CancellationError, match="closed"):
            await stream
        with pytest.raises(gpt4all.ClosedError):
            _ = [piece async for piece in stream]
        with pytest.raises(gpt4all.CancellationError):
            _ = stream.result
        async with model.chat("hello", stream=True, **ENDLESS) as stream:
            await anext(aiter(stream))
        await model.chat("hello", stream=True, **ENDLESS).aclose()
        dropped = model.chat("hello", stream=True, **ENDLESS)
        del dropped
        gc.collect()
        await until_idle(tiny)

    run(main())


def test_cancelling_a_task_cancels_its_answer(tiny: Model) -> None:
    async def main() -> None:
        model = AsyncModel(tiny)

        async def iterate() -> None:
            async for _ in model.chat("hello", stream=True, **ENDLESS):
                pass

        async def wait() -> None:
            await model.chat("hello", stream=True, **ENDLESS)

        for work in (iterate(), wait(), model.chat("hello", **ENDLESS)):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(work, 0.1)
        await until_idle(tiny)

    run(main())


def test_cancel_by_hand(tiny: Model) -> None:
    async def main() -> None:
        stream = AsyncModel(tiny).chat("hello", stream=True, **ENDLESS)
        asyncio.get_running_loop().call_later(0.05, stream.cancel)
        with pytest.raises(gpt4all.CancellationError):
            async for _ in stream:
                pass
        with pytest.raises(gpt4all.CancellationError):
            await stream

    run(main())


def test_errors_come_where_they_are_awaited(tiny: Model) -> None:
    async def main() -> None:
        model = AsyncModel(tiny)
        with pytest.raises(gpt4all.InvalidArgumentError):
            await model.chat("hello", temperature=-1)
        stream = model.chat("hello", stream=True, temperature=-1)
        with pytest.raises(gpt4all.InvalidArgumentError) as caught:
            await stream
        with pytest.raises(gpt4all.InvalidArgumentError) as again:
            _ = [piece async for piece in stream]
        assert again.value is caught.value

    run(main())


def test_two_tasks_on_one_stream(tiny: Model) -> None:
    async def main() -> None:
        async with AsyncModel(tiny).chat("hello " * 300, stream=True, **ENDLESS) as stream:
            first = asyncio.ensure_future(anext(aiter(stream)))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="two tasks"):
                await stream
            first.cancel()

    run(main())


def test_context_variables_reach_tools(tiny: Model) -> None:
    variable = contextvars.ContextVar("variable", default="none")

    async def main() -> str:
        variable.set("here")
        found: list[str] = []
        await _run_on_pool(lambda: found.append(variable.get()))
        return found[0]

    assert run(main()) == "here"


async def _run_on_pool(work: Any) -> None:
    from gpt4all._async_stream import run as on_pool

    await on_pool(work)


def test_the_loop_goes_on_meanwhile(tiny: Model) -> None:
    async def main() -> list[float]:
        model = AsyncModel(tiny)
        gaps = []
        done = False

        async def tick() -> None:
            last = time.perf_counter()
            while not done:
                await asyncio.sleep(0.005)
                now = time.perf_counter()
                gaps.append(now - last)
                last = now

        ticking = asyncio.ensure_future(tick())
        requests: Any = {"temperature": 0, "max_tokens": 200, "ignore_eos": True}
        while len(gaps) < 50:  # a fast machine answers between two of them
            await asyncio.gather(*(model.chat(f"hello {number} " * 50, **requests) for number in range(4)))
        done = True
        await ticking
        return gaps

    gaps = run(main())
    assert sorted(gaps)[len(gaps) * 9 // 10] < 0.1


def test_threads_are_bounded_and_end() -> None:
    pool = _waiters.Waiters(limit=3, idle_seconds=0.2)
    running, most = [0], [0]

    def work() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.02)
        running[0] -= 1

    for _ in range(12):
        pool.submit(work)
    assert pool.threads == 3
    deadline = time.monotonic() + 10
    while pool.threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (most[0], pool.threads) == (3, 0)
    done: list[int] = []
    pool.submit(lambda: done.append(1))
    while not done and time.monotonic() < deadline:
        time.sleep(0.01)
    assert done == [1]


def test_a_blocked_thread_makes_room_for_another() -> None:
    pool = _waiters.Waiters(limit=1, idle_seconds=0.1)
    order: list[str] = []

    def outer() -> None:
        with pool.blocked():
            pool.submit(lambda: order.append("inner"))
            deadline = time.monotonic() + 10
            while not order and time.monotonic() < deadline:
                time.sleep(0.005)
        order.append("outer")

    pool.submit(outer)
    deadline = time.monotonic() + 10
    while len(order) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert order == ["inner", "outer"]
