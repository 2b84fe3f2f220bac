"""Which models are open, with workers that the tests make."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gpt4all import OutOfMemoryError
from gpt4all._server.workers import pool as pool_module
from gpt4all._server.workers.pool import Options, Pool
from gpt4all._server.workers.worker import Start

MODEL = Path("model.gguf")
OTHER = Path("other.gguf")


class FakeWorker:
    """A process with a model, of which there is nothing but whether it is there."""

    def __init__(self, start: Start) -> None:
        self.options = start.options
        self.alive = True
        self.closing = False
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        self.alive, self.closing = False, True
        if not self.exited.done():
            self.exited.set_result(0)


class Opener:
    """Stands in for Worker: opens a model when it is allowed to."""

    def __init__(self) -> None:
        self.allowed = asyncio.Event()
        self.begun = 0
        self.cancelled = 0

    async def start(self, start: Start, progress: Callable[[float], None]) -> FakeWorker:
        self.begun += 1
        try:
            await self.allowed.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if start.path == "broken.gguf":
            raise OutOfMemoryError("there is not enough", {})
        return FakeWorker(start)


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Opener]:
    def make() -> Opener:
        made = Opener()
        monkeypatch.setattr(pool_module, "Worker", made)
        monkeypatch.setattr(pool_module, "_memory", lambda path, options: 6)
        return made

    return make


async def used(pool: Pool, path: Path = MODEL) -> Any:
    async with pool.use(path) as worker:
        return worker


async def gone(pool: Pool, path: Path = MODEL) -> None:
    """Asks for a model, and stops waiting for it."""
    task = asyncio.create_task(used(pool, path))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_what_is_being_opened_is_there_for_the_next_who_asks(opener: Callable[[], Opener]) -> None:
    async def check() -> None:
        made, pool = opener(), Pool(Options())
        await gone(pool)
        await gone(pool)
        made.allowed.set()
        worker = await used(pool)
        assert worker.alive
        assert (made.begun, made.cancelled) == (1, 0)
        await pool.close()
        assert worker.closing

    asyncio.run(check())


def test_what_failed_while_nobody_waited_is_tried_again(
    opener: Callable[[], Opener], caplog: pytest.LogCaptureFixture
) -> None:
    async def check() -> None:
        made, pool = opener(), Pool(Options())
        await gone(pool, Path("broken.gguf"))
        made.allowed.set()
        await asyncio.sleep(0.05)
        with pytest.raises(OutOfMemoryError):
            await used(pool, Path("broken.gguf"))
        assert made.begun == 2
        await pool.close()

    asyncio.run(check())
    assert not caplog.records  # asyncio reports what nobody was told


def test_nothing_is_closed_for_a_model_that_nobody_waits_for(opener: Callable[[], Opener]) -> None:
    async def check() -> None:
        made, pool = opener(), Pool(Options(memory_budget=10))
        made.allowed.set()
        async with pool.use(MODEL) as worker:
            await gone(pool, OTHER)  # while the other is used, there is no room
        await asyncio.sleep(0.05)
        assert worker.alive
        assert made.begun == 1
        await used(pool, OTHER)
        assert worker.closing
        assert made.begun == 2
        await pool.close()

    asyncio.run(check())


def test_closing_ends_what_is_being_opened(opener: Callable[[], Opener]) -> None:
    async def check() -> None:
        made, pool = opener(), Pool(Options())
        await gone(pool)
        await asyncio.wait_for(pool.close(), 5)
        assert made.cancelled == 1

    asyncio.run(check())


def test_a_model_is_opened_anew_for_several_who_ask_at_once(opener: Callable[[], Opener]) -> None:
    async def check() -> None:
        own: dict[str, Any] = {}
        made, pool = opener(), Pool(Options(own=lambda _: dict(own)))
        made.allowed.set()
        await used(pool)
        own["chat_template"] = "another"
        workers = await asyncio.gather(*(used(pool) for _ in range(3)))
        assert [worker.options for worker in workers] == [own] * 3
        assert made.begun == 2
        await pool.close()

    asyncio.run(check())


def test_nobody_gets_a_model_with_another_template(opener: Callable[[], Opener]) -> None:
    """Other options wait until the model is not used; for a template, who asks does."""

    async def check() -> None:
        own: dict[str, Any] = {}
        made, pool = opener(), Pool(Options(own=lambda _: dict(own)))
        made.allowed.set()
        async with pool.use(MODEL) as first:
            own["threads"] = 2
            assert await asyncio.wait_for(used(pool), 5) is first
            own["chat_template"] = "another"
            waiting = [asyncio.create_task(used(pool)) for _ in range(2)]
            leaving = asyncio.create_task(used(pool))
            await asyncio.sleep(0.05)
            assert not any(task.done() for task in waiting)
            assert first.alive
            leaving.cancel()
        for worker in await asyncio.wait_for(asyncio.gather(*waiting), 5):
            assert worker.options == own
        assert made.begun == 2
        assert first.closing
        await pool.close()

    asyncio.run(check())
