"""Requests that schemathesis makes of the server's own description: none is the server's fault.

GPT4ALL_SCHEMATHESIS_CASES asks for so many of each operation, instead of a few.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openapi_modes import with_modes

from .conftest import RANKS, TEXT, TOOLS, VECTORS, Served, running

schemathesis = pytest.importorskip("schemathesis", reason="`make test LANES=server` installs it")
hypothesis = pytest.importorskip("hypothesis", reason="`make test LANES=server` installs it")

CASES = int(os.environ.get("GPT4ALL_SCHEMATHESIS_CASES", "4"))
MODELS = {
    "/v1/embeddings": (VECTORS,),
    "/api/embed": (VECTORS,),
    "/api/embeddings": (VECTORS,),
    "/v1/rerank": (RANKS,),
    "/api/pull": ("smollm2", "hf://owner/repository/a.gguf", "nobody", TEXT),
}
CHANGING = ("/api/pull", "/api/delete")
LIMIT = ("--max-tokens", "4", "--request-seconds", "20", "--n-parallel", "4", "--n-ctx", "2048")


@pytest.fixture(scope="module")
def limited(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that reaches nobody, as all of conftest's."""
    with running(store, tmp_path_factory.mktemp("log") / "server.log", *LIMIT) as one:
        yield one


@pytest.fixture(scope="module")
def changing(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One whose models requests may change, were there any to be had."""
    cache = tmp_path_factory.mktemp("changing")
    (cache / "models").mkdir()
    shutil.copy(store / "models" / TEXT, cache / "models")
    with running(cache, cache / "server.log", *LIMIT, "--downloads") as one:
        yield one


def cases() -> list[tuple[str, str, str]]:
    """The operations of the description with modes, without a server: tests are collected before there is one."""
    from gpt4all._server.app import create_app
    from gpt4all._server.settings import ServerSettings

    paths = create_app(ServerSettings()).openapi()["paths"]
    operations = [(method, path) for path, found in sorted(paths.items()) for method in sorted(found)]
    return with_modes(paths, operations)


def named(body: Any, path: str, chance: random.Random) -> Any:
    """A body whose model there is, mostly; the rest of a request is not looked at without."""
    if isinstance(body, dict) and chance.random() < 0.95:
        return {**body, "model": chance.choice(MODELS.get(path, (TEXT, TEXT, TOOLS)))}
    return body


bounded: Any = hypothesis.settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(scope="module")
def description(limited: Served) -> Any:
    """As schemathesis reads it."""
    return schemathesis.openapi.from_dict(limited.get("/openapi.json").json())


@pytest.mark.parametrize(("mode", "method", "path"), cases())
def test_no_request_is_the_servers_fault(
    limited: Served, changing: Served, description: Any, mode: str, method: str, path: str
) -> None:
    """Requests as they are described, and others. Where nothing can be wrong, there are no others."""
    operation = description[path][method.upper()]
    chance = random.Random(f"{method} {path}")
    served = changing if path in CHANGING else limited

    def ask(case: Any) -> None:
        case.body = named(case.body, path, chance)
        answer = case.call(base_url=served.address, timeout=60)
        assert answer.status_code < 500, (case.as_curl_command(), answer.text)

    made = operation.as_strategy(generation_mode=schemathesis.GenerationMode[mode])
    try:
        bounded(hypothesis.given(case=made)(ask))()
    except hypothesis.errors.Unsatisfiable:
        assert mode == "NEGATIVE"
        assert not list(operation.body)
