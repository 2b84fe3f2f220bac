"""Two replicas: sessions keep to one, and the other goes on if one is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from ..conftest import TEXT
from .cluster import KEY, Cluster, Deployed, deployed, metric, until

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning"), pytest.mark.timeout(600)]

SESSIONS = 11  # an odd number, so that the replicas cannot have as many each
CHAT: dict[str, Any] = {"model": TEXT, "messages": [{"role": "user", "content": "Hello there"}]}
STREAM: dict[str, Any] = {**CHAT, "max_tokens": 200, "ignore_eos": True, "stream": True}


@pytest.fixture(scope="module")
def pair(nodes: Cluster) -> Iterator[Deployed]:
    """Two replicas, which sessions keep to."""
    arguments = {"preload": TEXT, "n_parallel": 4, "num_cpus": 1, "session_affinity": True}
    with deployed(nodes, **arguments, min_replicas=2, max_replicas=2) as made:
        yield made


def of_session(id: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEY}", "X-Session-Id": f"session {id}"}


def test_a_session_keeps_to_its_replica(pair: Deployed) -> None:
    told = set()
    for id in range(SESSIONS):
        text = f"{id} " * 60
        said = {**CHAT, "messages": [{"role": "user", "content": text}], "max_tokens": 4}
        for cached in (False, True, True):
            usage = pair.post("/v1/chat/completions", said, headers=of_session(id)).json()["usage"]
            assert (usage["prompt_tokens_details"]["cached_tokens"] > usage["prompt_tokens"] // 2) == cached
    for id in range(SESSIONS):
        told.add(metric(pair.get("/metrics", headers=of_session(id)).text, "gpt4all_prompt_tokens_total"))
    assert len(told) == 2


def failures(pair: Deployed, id: int, begun: threading.Event, end: threading.Event) -> int:
    """How many of a session's streams break off, or do not begin, until it is to end."""
    count = 0
    while not end.is_set():
        try:
            with pair.post("/v1/chat/completions", STREAM, stream=True, headers=of_session(id)) as answer:
                if answer.status_code != 200:
                    assert answer.status_code in (500, 503)
                    count += 1
                    continue
                lines = answer.iter_lines()
                last = next(lines)
                begun.set()
                for line in filter(None, lines):
                    last = line
            assert last == b"data: [DONE]"
        except requests.RequestException:
            count += 1
    return count


def test_a_replica_that_is_killed(pair: Deployed) -> None:
    """Its requests fail, those of the other do not, and there are soon two again."""
    begun, end = [threading.Event() for _ in range(SESSIONS)], threading.Event()
    before = pair.cluster.replicas()
    assert len(before) == 2
    with ThreadPoolExecutor(SESSIONS) as threads:
        visitors = [threads.submit(failures, pair, id, begun[id], end) for id in range(SESSIONS)]
        assert all(each.wait(60) for each in begun)
        os.kill(before[0], signal.SIGKILL)
        time.sleep(3)
        end.set()
        failed = [each.result() for each in visitors]
    assert min(failed) == 0, failed
    assert max(failed) > 0, failed
    for id in range(SESSIONS):
        assert pair.post("/v1/chat/completions", {**CHAT, "max_tokens": 4}, headers=of_session(id)).status_code == 200
    until(lambda: pair.ready() == 2 and len(pair.cluster.replicas()) == 2, "there are not two again")
    assert before[1] in pair.cluster.replicas()
