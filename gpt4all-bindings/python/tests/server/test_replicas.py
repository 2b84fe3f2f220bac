"""What replicas on a Ray cluster are told and refuse, as far as it can be seen without Ray."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from conftest import TINY_MODELS
from gpt4all import InvalidArgumentError, Model
from gpt4all._server.access.keys import hashed
from gpt4all._server.app import create_app
from gpt4all._server.inference import Inference
from gpt4all._server.replicas.app import app, options_of
from gpt4all._server.replicas.arguments import DEFAULT_PARALLEL, settings_of
from gpt4all._server.settings import ServerSettings
from gpt4all._server.workers.pool import Slot
from gpt4all.ray import Arguments

from .conftest import TEXT, Serve


def of_command_line(*given: str) -> Arguments:
    """As `serve run` reads name=value."""
    return Arguments.model_validate(dict(each.split("=", 1) for each in given))


def test_arguments_of_the_command_line() -> None:
    arguments = of_command_line(
        "preload=a,b", "n_parallel=8", "num_cpus=2.5", 'open={"n_batch": 64}', "keep_alive=5m", "memory_budget=2GB",
        "max_waiting=7", "max_replicas=3", "session_affinity=true",
    )  # fmt: skip
    settings = settings_of(arguments)
    assert settings.preload == ("a", "b")
    assert settings.open == {"threads": 2, "n_batch": 64, "n_parallel": 8}
    assert (settings.keep_alive, settings.memory_budget, settings.max_waiting) == (300, 2 * 10**9, 7)
    assert settings.stored_responses == 0
    options = options_of(arguments, settings)
    assert options["autoscaling_config"] == {"min_replicas": 1, "max_replicas": 3, "target_ongoing_requests": 8.0}
    assert options["max_ongoing_requests"] > 8
    assert options["max_queued_requests"] == 7
    assert options["ray_actor_options"] == {"num_cpus": 2.5, "num_gpus": 0}
    assert options["graceful_shutdown_timeout_s"] == settings.drain_seconds
    assert "ConsistentHashRouter" in options["request_router_config"]["request_router_class"]


def test_arguments_go_before_the_file(tmp_path: Path) -> None:
    file, keys = tmp_path / "serve.toml", tmp_path / "keys.txt"
    keys.write_text("secret\n")
    file.write_text(
        f'max_waiting = 3\nkeep_alive = "1h"\napi_key_file = "{keys}"\n[open]\nthreads = 3\nn_parallel = 2\n'
    )
    settings = settings_of(Arguments(config=file, keep_alive="2h", num_cpus=8))
    assert (settings.max_waiting, settings.keep_alive) == (3, 7200)
    assert settings.api_keys == (hashed("secret"),)
    assert settings.open == {"threads": 3, "n_parallel": 2}
    assert options_of(Arguments(config=file), settings)["autoscaling_config"]["target_ongoing_requests"] == 2


@pytest.mark.parametrize(
    "line", ["port = 80", 'certificate = "a.pem"', "downloads = true", "stored_responses = 5", "stored_seconds = 1"]
)
def test_what_replicas_cannot_have(line: str, tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(f"{line}\n")
    with pytest.raises(InvalidArgumentError, match=line.split(" ", maxsplit=1)[0]):
        settings_of(Arguments(config=file))


def test_wrong_arguments() -> None:
    for wrong in ({"prelaod": "a"}, {"api_keys": "a"}, {"max_replicas": 0}, {"min_replicas": 3, "max_replicas": 2}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            Arguments.model_validate(wrong)
    with pytest.raises(InvalidArgumentError, match="API key"):
        settings_of(Arguments(host=("0.0.0.0",)))


def test_ray_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidArgumentError, match=r"gpt4all\[ray\]"):
        app(Arguments())


def test_the_default_of_slots_is_the_librarys() -> None:
    """Of a model that was opened without saying how many."""
    with Model(TINY_MODELS / TEXT) as model:
        assert model.info()["opened"]["n_parallel"] == DEFAULT_PARALLEL


async def status(
    application: Any, address: str, path: str = "/v1/models", **headers: str
) -> tuple[int, dict[str, str]]:
    """What an application answers to a request that came in at an address of this machine."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = [(b"host", b"127.0.0.1:8000"), *((name.encode(), value.encode()) for name, value in headers.items())]
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "root_path": "",
    }
    scope |= {"raw_path": path.encode(), "query_string": b"", "headers": given, "client": ("10.0.0.9", 5)}
    await application({**scope, "server": (address, 8000)}, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told


def test_without_a_key_only_this_machine_is_answered() -> None:
    """Whatever program listens, and whatever name was asked for."""

    async def main() -> None:
        application = create_app(ServerSettings())
        for address in ("127.0.0.1", "::1", "127.0.0.2"):
            assert (await status(application, address))[0] == 200
        for address in ("10.0.0.1", "::2"):
            assert (await status(application, address))[0] == 403
        assert (await status(application, "10.0.0.1", "/health"))[0] == 200
        guarded = create_app(ServerSettings(api_keys=(hashed("secret"),)))
        assert (await status(guarded, "10.0.0.1"))[0] == 401
        assert (await status(guarded, "10.0.0.1", authorization="Bearer secret"))[0] == 200

    asyncio.run(main())


def test_ids_of_a_proxy() -> None:
    async def main() -> None:
        application = create_app(ServerSettings(), id_header="x-request-id")
        _, told = await status(application, "127.0.0.1", **{"x-request-id": "of-proxy.1"})
        assert "x-request-id" not in told
        assert told["request-id"] == "of-proxy.1"
        for wrong in ("a b", "a" * 101, "\u00e9"):
            _, told = await status(application, "127.0.0.1", **{"x-request-id": wrong})
            assert told["request-id"].startswith("req_")
        _, told = await status(create_app(ServerSettings()), "127.0.0.1", **{"x-request-id": "of-client"})
        assert told["x-request-id"] == told["request-id"] != "of-client"

    asyncio.run(main())


def test_a_model_that_crashes_again_and_again(monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    monkeypatch.setenv("GPT4ALL_CACHE", str(store))

    async def main() -> None:
        inference = Inference(ServerSettings(preload=(TEXT,)))
        path = str(inference.store.find(TEXT).path)
        slot = inference.pool._slots[path] = Slot(path)
        slot.back_off.crashed()
        assert inference.crashing() == []
        slot.back_off.crashed()
        assert inference.crashing() == [TEXT]
        assert Inference(ServerSettings()).crashing() == []

    asyncio.run(main())


def test_a_server_that_stores_no_responses(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text("stored_responses = 0\n")
    asked = {"model": TEXT, "input": "Hi", "max_output_tokens": 4}
    with serve("--config", str(file)) as one:
        made = one.post("/v1/responses", asked)
        assert made.json()["store"] is False
        id = made.json()["id"]
        for wrong in ({"background": True}, {"store": True}, {"previous_response_id": id}):
            refused = one.post("/v1/responses", {**asked, **wrong})
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, next(iter(wrong)))
        item = one.post("/v1/responses", {**asked, "input": [{"type": "item_reference", "id": "msg_1"}]})
        assert (item.status_code, item.json()["error"]["param"]) == (400, "input")
        for path in (id, f"{id}/input_items"):
            assert one.get(f"/v1/responses/{path}").status_code == 400
        assert one.post("/v1/responses", {**asked, "store": False}).status_code == 200
