"""Models in processes: opened on demand, shared, closed, killed and opened again."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import PYTHON, TINY_MODELS
from gpt4all import inspect
from gpt4all._server.workers.back_off import BackOff, CrashingError

from .conftest import TEXT, TOOLS, VECTORS, Serve, Served
from .conftest import running as started

ENDLESS: dict[str, Any] = {
    "messages": [{"role": "user", "content": "a"}],
    "max_tokens": 4000,
    "ignore_eos": True,
    "temperature": 0,
}
SHORT: dict[str, Any] = {"messages": [{"role": "user", "content": "a"}], "max_tokens": 2, "temperature": 0}


def chat(served: Served, model: str = TEXT, **options: Any) -> requests.Response:
    return served.post("/v1/chat/completions", {"model": model, **SHORT, **options})


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def running(served: Served) -> float:
    lines = served.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("gpt4all_requests_running{"))


def test_two_requests_open_a_model_once(serve: Serve) -> None:
    with serve() as one, ThreadPoolExecutor(8) as pool:
        assert one.workers() == []
        answers = list(pool.map(lambda _: chat(one), range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8
        assert len(one.workers()) == 1


def test_names(served: Served) -> None:
    for name in (TEXT, TEXT.removesuffix(".gguf"), TEXT.upper(), f"{TEXT.removesuffix('.gguf')}:latest"):
        assert chat(served, name).status_code == 200, name
    for name in ("tiny-lama-q4_0", "../models/" + TEXT, "/etc/passwd", "", "smollm2", "\0", "a" * 10000):
        answer = chat(served, name)
        assert answer.status_code in (400, 404), name
    assert TEXT in chat(served, "tiny-lama-q4_0").json()["error"]["message"]


def test_a_killed_worker_costs_only_its_requests(serve: Serve) -> None:
    with serve("--n-parallel", "4") as one, ThreadPoolExecutor(6) as pool:
        chat(one)
        (worker,) = one.workers()
        # first the one whose model is still to be opened: meanwhile the others might end
        other = pool.submit(chat, one, TOOLS, **{**ENDLESS, "max_tokens": 300})
        wait_for(lambda: other.done() or running(one) >= 1)
        streams = [pool.submit(chat, one, **ENDLESS) for _ in range(4)]
        wait_for(lambda: running(one) >= (4 if other.done() else 5))
        os.kill(worker, signal.SIGKILL)
        for stream in streams:
            answer = stream.result()
            assert answer.status_code == 503, answer.text
            assert answer.json()["error"]["code"] == "model_crashed"
            assert "SIGKILL" in answer.json()["error"]["message"]
        assert other.result().status_code == 200
        assert chat(one).status_code == 200
        assert "gpt4all_model_crashes 1.0" in one.get("/metrics").text


INJECTED = """
import sys
if "gpt4all._server.workers.child" in sys.orig_argv:
    from gpt4all import InternalError
    from gpt4all._model import Model
    submit = Model.submit
    def fail(model, operation, request):
        if "inject" in str(request):
            raise InternalError("the engine has stopped: injected", {"reopen": True})
        return submit(model, operation, request)
    Model.submit = fail
"""


def test_a_model_that_cannot_be_used_any_more_is_opened_again(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(INJECTED, encoding="utf-8")
    paths = os.pathsep.join((str(tmp_path), str(PYTHON)))
    inject = [{"role": "user", "content": "inject"}]
    with serve("--n-parallel", "4", PYTHONPATH=paths) as one, ThreadPoolExecutor(4) as pool:
        assert chat(one).status_code == 200
        (worker,) = one.workers()
        streams = [pool.submit(chat, one, **ENDLESS) for _ in range(3)]
        wait_for(lambda: running(one) >= 3)
        failed = chat(one, messages=inject)
        assert "the engine has stopped: injected" in failed.text
        answers = [failed, *(stream.result() for stream in streams)]
        assert [answer.status_code for answer in answers] == [503] * 4, [answer.text for answer in answers]
        assert {answer.json()["error"]["code"] for answer in answers} == {"model_crashed"}
        assert "had to be opened again" in answers[1].json()["error"]["message"]
        assert chat(one).status_code == 200
        assert worker not in one.workers()
        assert "gpt4all_model_crashes 1.0" in one.get("/metrics").text
        assert chat(one, messages=inject).status_code == 503
        held = chat(one)
        assert (held.status_code, held.json()["error"]["code"]) == (503, "model_crashing"), "the back-off holds"


def test_an_error_within_a_stream_is_an_event(serve: Serve) -> None:
    with serve() as one:
        body = {"model": TEXT, **ENDLESS, "stream": True}
        with requests.post(f"{one.address}/v1/chat/completions", json=body, stream=True, timeout=60) as answer:
            lines = answer.iter_lines()
            assert b"assistant" in next(lines)
            os.kill(one.workers()[0], signal.SIGSEGV)
            rest = b"".join(lines)
        assert b'"code":"model_crashed"' in rest
        assert b"[DONE]" not in rest


def leave(served: Served, body: dict[str, Any], session: requests.Session) -> None:
    """Asks, and closes the connection within the answer, or before it."""
    address = f"{served.address}/v1/chat/completions"
    with (
        contextlib.suppress(requests.ReadTimeout),
        session.post(address, json=body, stream=True, timeout=0.3) as answer,
    ):
        assert body["stream"]
        answer.raise_for_status()


def test_who_goes_away_frees_the_slot(served: Served) -> None:
    chat(served)
    before = running(served)
    for stream in (True, False):
        body = {"model": TEXT, **ENDLESS, "stream": stream}
        connections = [requests.Session() for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(partial(leave, served, body), connections))
        wait_for(lambda: running(served) == before)
    assert chat(served).status_code == 200


def waiting(served: Served) -> float:
    lines = served.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("gpt4all_requests_waiting{"))


def test_who_goes_away_while_it_waits_frees_the_place(serve: Serve) -> None:
    options = ("--n-parallel", "1", "--open", '{"context_shift": true}')  # without it, a full context ends an answer
    with serve(*options) as one, ThreadPoolExecutor(6) as pool:
        chat(one)
        stuck = [pool.submit(chat, one, **{**ENDLESS, "n": 1, "max_tokens": 1_000_000}) for _ in range(3)]
        wait_for(lambda: running(one) == 3)
        for stream in (True, False):
            body = {"model": TEXT, **ENDLESS, "stream": stream}
            with pytest.raises(requests.ReadTimeout):
                requests.post(f"{one.address}/v1/chat/completions", json=body, timeout=0.2)
            wait_for(lambda: waiting(one) == 0)
        os.kill(one.workers()[0], signal.SIGKILL)
        assert {answer.result().status_code for answer in stuck} == {503}


def test_the_time_for_a_request_holds_while_it_waits(serve: Serve) -> None:
    options = ("--n-parallel", "1", "--request-seconds", "0.5")
    with serve(*options, "--open", '{"context_shift": true}') as one, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: chat(one, **{**ENDLESS, "max_tokens": 100_000}), range(8)))
        assert {answer.status_code for answer in answers} == {504}, [answer.text for answer in answers]
        wait_for(lambda: chat(one, max_tokens=1).status_code == 200)  # a busy machine may need more than half a second


def test_what_is_not_used_is_closed(serve: Serve) -> None:
    with serve("--keep-alive", "1s", "--pin", VECTORS) as one:
        assert one.post("/v1/embeddings", {"model": VECTORS, "input": "a"}).status_code == 200
        assert chat(one).status_code == 200
        assert len(one.workers()) == 2
        wait_for(lambda: len(one.workers()) == 1)
        time.sleep(1.5)
        assert len(one.workers()) == 1
        assert chat(one).status_code == 200


def test_the_least_recently_used_makes_room(serve: Serve) -> None:
    needs = memory(TEXT)
    with serve("--memory-budget", str(int(needs * 1.5))) as one:
        assert chat(one).status_code == 200
        (first,) = one.workers()
        assert one.post("/v1/embeddings", {"model": VECTORS, "input": "a"}).status_code in (200, 503)
        assert chat(one).status_code == 200
        assert len(one.workers()) <= 2
        assert first > 0
    with serve("--memory-budget", "1MB") as one:
        refused = chat(one)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "out_of_memory"


def memory(name: str) -> int:
    found: Any = inspect(TINY_MODELS / name)
    return int(found["memory"]["total"])


@pytest.fixture(scope="module")
def prepared(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that opens a model when it starts."""
    with started(store, tmp_path_factory.mktemp("log") / "server.log", TEXT, "--keep-alive", "0.5s") as one:
        wait_for(lambda: one.get("/ready").status_code == 200)
        yield one


def test_models_to_start_with(prepared: Served) -> None:
    assert len(prepared.workers()) == 1


def test_models_to_start_with_stay_open(prepared: Served) -> None:
    assert chat(prepared).status_code == 200
    time.sleep(1.5)
    assert len(prepared.workers()) == 1
    assert prepared.post("/api/generate", {"model": TEXT, "keep_alive": "500ms"}).status_code == 200
    wait_for(lambda: not prepared.workers())


def test_it_ends_after_what_runs(serve: Serve) -> None:
    with serve() as one:
        body = {"model": TEXT, **ENDLESS, "max_tokens": 1500, "stream": True}
        with requests.post(f"{one.address}/v1/chat/completions", json=body, stream=True, timeout=60) as answer:
            lines = answer.iter_lines()
            assert b"assistant" in next(lines)
            one.process.send_signal(signal.SIGTERM)
            rest = b"".join(lines)
        assert b'"finish_reason":"length"' in rest
        assert rest.endswith(b"data: [DONE]")
        assert one.process.wait(30) in (0, -signal.SIGTERM)


def test_crashes_in_a_row_take_longer_and_longer() -> None:
    now = 1000.0
    back_off = BackOff(lambda: now)
    pauses = []
    for _ in range(9):
        back_off.crashed()
        pauses.append(back_off.seconds)
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    with pytest.raises(CrashingError, match="9 times"):
        back_off.check("a.gguf")
    now += 60
    back_off.check("a.gguf")
    now += 301
    back_off.crashed()
    assert back_off.seconds == 0
