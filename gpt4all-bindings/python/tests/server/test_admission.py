"""The queue before a model."""

from __future__ import annotations

import asyncio

import pytest

from gpt4all._server.admission import Admission
from gpt4all._server.errors import RequestError


def test_clients_take_turns() -> None:
    async def main() -> list[str]:
        queue, order = Admission(1, 100), list[str]()

        async def ask(client: str) -> None:
            async with queue.turn(client):
                order.append(client)
                await asyncio.sleep(0)

        await asyncio.gather(*(ask(client) for client in ["a"] * 5 + ["b"] * 2 + ["c"]))
        assert (queue.running, queue.waiting) == (0, 0)
        return order

    assert "".join(asyncio.run(main())) == "aabcabaa"


def test_too_many_are_refused() -> None:
    async def main() -> None:
        queue, release = Admission(2, 3), asyncio.Event()

        async def ask() -> None:
            async with queue.turn("a"):
                await release.wait()

        tasks = [asyncio.create_task(ask()) for _ in range(5)]
        await asyncio.sleep(0)
        assert (queue.running, queue.waiting) == (2, 3)
        with pytest.raises(RequestError) as refused:
            await ask()
        assert refused.value.failure.status == 429
        assert int(refused.value.failure.headers["Retry-After"]) >= 1
        release.set()
        await asyncio.gather(*tasks)
        assert (queue.running, queue.waiting) == (0, 0)

    asyncio.run(main())


def test_who_gives_up_keeps_no_place() -> None:
    async def main() -> None:
        queue, release = Admission(1, 10), asyncio.Event()

        async def ask(client: str) -> None:
            async with queue.turn(client):
                await release.wait()

        first, second, third = (asyncio.create_task(ask(client)) for client in "abc")
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await asyncio.sleep(0)
        third.cancel()  # in the moment in which its turn comes
        await asyncio.gather(first, second, third, return_exceptions=True)
        assert (queue.running, queue.waiting) == (0, 0)
        release.set()
        await ask("d")

    asyncio.run(main())
