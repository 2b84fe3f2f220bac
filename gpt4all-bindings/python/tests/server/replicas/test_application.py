"""The server as an application of Ray Serve: what its clients see, and how it grows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from ..conftest import TEXT, Serve
from .cluster import KEY, QUICKLY, Cluster, Deployed, deployed, metric, until

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning"), pytest.mark.timeout(600)]

SLOTS = 2
CHAT: dict[str, Any] = {"model": TEXT, "messages": [{"role": "user", "content": "Hello there"}]}
LONG: dict[str, Any] = {**CHAT, "max_tokens": 200, "ignore_eos": True}
STREAM: dict[str, Any] = {**LONG, "max_tokens": 2000, "stream": True}


@pytest.fixture(scope="module")
def application(nodes: Cluster) -> Iterator[Deployed]:
    """One replica, and a second under load."""
    arguments = {"preload": TEXT, "n_parallel": SLOTS, "num_cpus": 1, "max_waiting": 1000}
    with deployed(nodes, **arguments, max_replicas=2, autoscaling=QUICKLY) as made:
        yield made


def running(application: Deployed) -> float:
    """How many requests a replica answers."""
    return metric(application.get("/metrics").text, "gpt4all_requests_running")


def test_it_answers(application: Deployed) -> None:
    assert application.get("/ready").json() == {"status": "ready"}
    assert TEXT in [model["id"] for model in application.get("/v1/models").json()["data"]]
    answer = application.post("/v1/chat/completions", {**CHAT, "max_tokens": 8})
    assert answer.json()["usage"]["completion_tokens"] == 8


def test_the_answer_is_that_of_one_server(application: Deployed, serve: Serve) -> None:
    said = [{**CHAT, "max_tokens": 30, "seed": seed, "temperature": 1.0} for seed in (1, 2, 3)]
    answers = [application.post("/v1/chat/completions", body).json()["choices"] for body in said]
    assert answers[0] != answers[1]
    with serve("--n-parallel", str(SLOTS)) as alone:
        assert [alone.post("/v1/chat/completions", body).json()["choices"] for body in said] == answers


def test_the_published_client_streams(application: Deployed) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{application.address}/v1", api_key=KEY, max_retries=0)
    asked = {**CHAT, "max_tokens": 12, "seed": 1, "stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(**asked, stream=True, extra_body={"ignore_eos": True}))
    assert sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks) > 3
    assert chunks[-1].usage.completion_tokens == 12


def test_a_stream_comes_as_it_is_written(application: Deployed) -> None:
    with application.post("/v1/chat/completions", STREAM, stream=True) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        next(lines)
        assert running(application) == 1


def test_each_answer_has_one_id(application: Deployed) -> None:
    connection = requests.Session()
    answer = connection.get(f"{application.address}/health")
    ids = [value for name, value in answer.raw.headers.items() if name.lower() in ("x-request-id", "request-id")]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert not ids[0].startswith("req_")


def test_a_client_that_goes_away_frees_its_slot(application: Deployed) -> None:
    for _ in range(3 * SLOTS):
        with application.post("/v1/chat/completions", STREAM, stream=True) as answer:
            next(answer.iter_lines())
    until(lambda: running(application) == 0, "a slot is still taken")


def test_access_is_checked(application: Deployed) -> None:
    assert application.get("/health", headers={}).status_code == 200
    assert application.post("/v1/chat/completions", CHAT, headers={}).status_code == 401
    known = {"Authorization": f"Bearer {KEY}"}
    assert application.get("/v1/models", headers={**known, "Host": "evil.example"}).status_code == 403
    assert application.get("/v1/models", headers={**known, "Origin": "https://evil.example"}).status_code == 403
    answer = requests.post(f"{application.address}/v1/chat/completions", data=json.dumps(CHAT), headers=known)
    assert answer.status_code == 415


def test_an_unknown_model(application: Deployed) -> None:
    answer = application.post("/v1/chat/completions", {**CHAT, "model": "tiny-lama-q4_0"})
    assert answer.status_code == 404
    assert "Did you mean 'tiny-llama-q4_0.gguf'?" in answer.json()["error"]["message"]


def test_responses_are_not_stored(application: Deployed) -> None:
    """A replica does not know those of another, so that none has any."""
    asked = {"model": TEXT, "input": "Hi", "max_output_tokens": 4}
    answer = application.post("/v1/responses", asked)
    assert answer.status_code == 200
    assert answer.json()["store"] is False
    for wrong in ({"background": True}, {"store": True}, {"previous_response_id": answer.json()["id"]}):
        refused = application.post("/v1/responses", {**asked, **wrong})
        assert refused.status_code == 400
        assert refused.json()["error"]["param"] == next(iter(wrong))
        assert "stores no responses" in refused.json()["error"]["message"]
    assert application.get(f"/v1/responses/{answer.json()['id']}").status_code == 400


def test_replicas_come_and_go_with_the_load(application: Deployed) -> None:
    assert application.ready() == 1
    end = threading.Event()

    def visitor() -> set[int]:
        seen = set()
        while not end.is_set():
            seen.add(application.post("/v1/chat/completions", LONG).status_code)
        return seen

    with ThreadPoolExecutor() as threads:
        visitors = [threads.submit(visitor) for _ in range(5 * SLOTS)]
        try:
            until(lambda: application.ready() == 2, "there is no second replica")
        finally:
            end.set()
        assert set.union(*(each.result() for each in visitors)) == {200}
    until(lambda: application.ready() == 1, "the second replica does not go")
    until(lambda: len(application.cluster.replicas()) == 1, "its process does not end")
    assert application.post("/v1/chat/completions", {**CHAT, "max_tokens": 4}).status_code == 200
