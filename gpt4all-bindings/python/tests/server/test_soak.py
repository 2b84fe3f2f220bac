"""A crowd of clients of which most go away, and a worker that dies in the midst of many streams."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest
import requests

from gpt4all._server.inference import resident_bytes

from .conftest import TEXT, TOOLS, Serve, Served
from .crowd import MOMENTS, crowd, visits
from .test_workers import ENDLESS, chat, running, wait_for, waiting

MANY = int(os.environ.get("GPT4ALL_SOAK_REQUESTS", "0"))
"""How many requests the long test makes, such as 10000; 0 leaves it out."""

SLOTS = 8
AT_ONCE = 40
MIB = 1 << 20


def settled(served: Served) -> bool:
    return running(served) == 0 and waiting(served) == 0


def all_slots_work(served: Served) -> None:
    """As many answers at once as there are slots, and as many again that wait."""
    wait_for(lambda: settled(served))
    with ThreadPoolExecutor(2 * SLOTS) as pool:
        answers = list(pool.map(lambda _: chat(served, max_tokens=20, ignore_eos=True), range(2 * SLOTS)))
    assert [answer.status_code for answer in answers] == [200] * (2 * SLOTS)
    assert {answer.json()["usage"]["completion_tokens"] for answer in answers} == {20}
    wait_for(lambda: settled(served))


def test_a_crowd_that_goes_away_leaves_no_slot_taken(serve: Serve) -> None:
    with serve("--n-parallel", str(SLOTS)) as one:
        chat(one)
        outcome = asyncio.run(crowd(one.address, visits(TEXT, 300, seed=1), AT_ONCE))
        assert not outcome.wrong, outcome.wrong[0]
        assert len(outcome.kinds) == 2 * len(MOMENTS)
        all_slots_work(one)
        assert "gpt4all_model_crashes 0.0" in one.get("/metrics").text


def memory(served: Served) -> dict[str, float]:
    """Resident MiB of the server and of its only worker."""
    (worker,) = served.workers()
    return {
        name: (resident_bytes(pid) or 0) / MIB for name, pid in (("server", served.process.pid), ("worker", worker))
    }


@pytest.mark.skipif(not MANY, reason="takes minutes; GPT4ALL_SOAK_REQUESTS says how many requests it makes")
@pytest.mark.timeout(3600)
def test_a_crowd_that_goes_away_leaves_memory_flat(serve: Serve) -> None:
    # With its usual size, the cache of prompts would go on growing for as long as the test takes.
    options = ("--n-parallel", str(SLOTS), "--keep-alive", "forever", "--open", '{"cache_ram_mib": 4}')
    with serve(*options) as one:
        chat(one)
        (worker,) = one.workers()
        everyone, seen = visits(TEXT, MANY, seed=2), []
        for part in range(10):
            outcome = asyncio.run(crowd(one.address, islice(everyone, MANY // 10), AT_ONCE))
            assert not outcome.wrong, outcome.wrong[0]
            all_slots_work(one)
            seen.append(memory(one))
            print(f"{(part + 1) * MANY // 10} requests: {seen[-1]}")
        assert one.workers() == [worker]
        for name in seen[0]:
            # What comes later may not need more than what came first, but for how the allocator fills its blocks.
            assert max(each[name] for each in seen[5:]) < max(each[name] for each in seen[:5]) + 4, name


def stream(served: Served, model: str, begun: threading.Semaphore, **options: Any) -> str:
    """The whole text of a stream. begun: is released when the first text has come."""
    body = {"model": model, **ENDLESS, "stream": True, **options}
    with requests.post(f"{served.address}/v1/chat/completions", json=body, stream=True, timeout=60) as answer:
        assert answer.status_code == 200, answer.text
        lines: Iterator[bytes] = answer.iter_lines()
        head = [next(lines)]
        while b'"content":"' not in head[-1] or b'"content":""' in head[-1]:
            head.append(next(lines))
        begun.release()
        return b"\n".join([*head, *lines]).decode()


def test_a_killed_worker_tells_each_of_32_streams(serve: Serve) -> None:
    # with room for all of them, so that none has ended before the last has begun
    with serve("--n-parallel", "32", "--n-ctx", "262144") as one, ThreadPoolExecutor(34) as pool:
        chat(one)
        (worker,) = one.workers()
        begun = threading.Semaphore(0)
        streams = [pool.submit(stream, one, TEXT, begun) for _ in range(32)]
        others = [pool.submit(stream, one, TOOLS, begun, max_tokens=500) for _ in range(2)]
        for _ in range(34):
            assert begun.acquire(timeout=60)
        os.kill(worker, signal.SIGKILL)
        for text in [each.result() for each in streams]:
            assert '"code":"model_crashed"' in text
            assert "SIGKILL" in text
            assert "[DONE]" not in text
        start = time.monotonic()
        assert chat(one).status_code == 200
        assert time.monotonic() - start < 30
        for text in [each.result() for each in others]:
            assert "[DONE]" in text
            assert '"error"' not in text
        assert "gpt4all_model_crashes 1.0" in one.get("/metrics").text
        wait_for(lambda: settled(one))
