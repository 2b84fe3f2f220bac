"""Models that the server splits over workers on other machines, one of which is lost."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import requests

from worker_process import running as worker

from .conftest import TEXT, TOOLS, Serve, Served
from .test_workers import ENDLESS, SHORT, chat, running, wait_for


def ask(served: Served) -> requests.Response:
    return served.post("/v1/chat/completions", {"model": TEXT, **SHORT, "max_tokens": 8})


def unavailable(served: Served) -> str:
    """What is said to a request that cannot be answered now."""
    answer = ask(served)
    assert answer.status_code == 503, answer.text
    return answer.text


def test_a_lost_worker_costs_the_requests_and_the_model_comes_back(serve: Serve) -> None:
    with worker() as one, worker() as two, ThreadPoolExecutor(3) as pool, ExitStack() as stack:
        options = ("--worker", one.name, "--worker", two.name, "--n-parallel", "4", "--n-ctx", "32768")
        served = stack.enter_context(serve(*options))
        first = ask(served)
        assert first.status_code == 200, first.text
        before = served.workers()
        asking = [pool.submit(chat, served, **{**ENDLESS, "max_tokens": 30_000}) for _ in range(3)]
        wait_for(lambda: running(served) == 3)
        two.end(signal.SIGKILL)
        for each in asking:
            answer = each.result()
            assert answer.status_code == 503, answer.text
            assert answer.json()["error"]["code"] in ("worker_unavailable", "model_crashed")
        assert any(f"the worker {two.name} was lost" in each.result().text for each in asking)

        started = time.monotonic()
        wait_for(lambda: f"the worker {two.name} cannot be reached" in unavailable(served))
        assert time.monotonic() - started < 15

        with worker(port=two.port):
            again = ask(served)
            assert again.status_code == 200, again.text
            assert again.json()["choices"] == first.json()["choices"]
            assert served.workers() != before
        assert "gpt4all_model_crashes 0.0" in served.get("/metrics").text


def test_a_worker_that_stops_costs_the_requests_too(serve: Serve) -> None:
    with worker() as one, serve("--worker", one.name, "--n-ctx", "32768", "--open", '{"worker_timeout": 2}') as served:
        assert ask(served).status_code == 200
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(chat, served, **{**ENDLESS, "max_tokens": 30_000})
            wait_for(lambda: running(served) == 1)
            one.process.send_signal(signal.SIGSTOP)
            answer = asking.result()
        assert answer.status_code == 503, answer.text
        assert answer.json()["error"]["code"] == "worker_unavailable"
        assert f"the worker {one.name} was lost" in answer.text
        wait_for(lambda: f"the worker {one.name} does not answer" in unavailable(served))
        one.process.send_signal(signal.SIGCONT)
        assert ask(served).status_code == 200


def test_the_configuration_names_the_workers_of_a_model(serve: Serve, tmp_path: Path) -> None:
    with worker() as one:
        file = tmp_path / "server.toml"
        file.write_text(f'[workers]\n"{TEXT}" = "{one.name}"\n', encoding="utf-8")
        with serve("--config", str(file)) as served:
            assert ask(served).status_code == 200
            one.end(signal.SIGKILL)
            wait_for(lambda: ask(served).status_code == 503)
            assert chat(served, TOOLS).status_code == 200
