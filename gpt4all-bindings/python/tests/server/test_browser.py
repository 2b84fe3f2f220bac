"""What web pages can do to a server, in a real Chromium; and what people see of it there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from . import chromium
from .conftest import Serve

# What a page cannot tell: whether an answer that it must not see was a refusal. The server's log does.
BLIND = {
    "read_opaque": "opaque",
    "read_without_referrer": "opaque",
    "ask_opaque": "opaque",
    "ask_untyped": "opaque",
    "ask_without_referrer": "opaque",
    "ask_ollama": "opaque",
    "beacon": "sent",
    "frame": "loaded",
    "form": "sent",
    "form_ollama": "sent",
    "form_multipart": "sent",
    "form_encoded": "sent",
    "null_origin": "null refused",
}


def requests_logged(log: Path) -> list[dict[str, Any]]:
    """The server's own record of what it was asked, and answered."""
    lines = log.read_text(encoding="utf-8").splitlines()
    found = [json.loads(line[line.index("{") :]) for line in lines if re.search(r'\{.*"status"', line)]
    assert found, lines
    return found


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    chromium.program()
    return tmp_path / "profile"


def attacked(profile: Path, name: str, target: str) -> dict[str, str]:
    with chromium.site() as site:
        report = chromium.report(profile, site, f"http://{name}:{site.port}/attack.html?target={target}")
    told: dict[str, str] = json.loads(report)
    return told


@pytest.mark.parametrize("name", ["evil.test", "localhost"])
def test_a_page_of_another_site_achieves_nothing(serve: Serve, tmp_path: Path, profile: Path, name: str) -> None:
    """Whatever it sends, each answer is 403; on this machine too, which can have servers of others."""
    with serve("--downloads") as one:
        told = attacked(profile, name, one.address)
        assert one.workers() == []
    assert told == {attempt: BLIND.get(attempt, "refused") for attempt in told}
    logged = requests_logged(tmp_path / "server.log")
    assert len(logged) >= len(told) - 1  # web sockets are not logged
    assert {line["status"] for line in logged} == {403}, logged


def test_a_page_that_is_allowed_can_ask(serve: Serve, tmp_path: Path, profile: Path) -> None:
    """By its origin alone: what the same page may not do otherwise, it may then."""
    with chromium.site() as site:
        origin = f"http://good.test:{site.port}"
        with serve("--allow-origin", origin) as one:
            url = f"{origin}/attack.html?target={one.address}"
            told = json.loads(chromium.report(profile, site, url))
    assert told["read"].startswith("200 ")
    assert told["with_key"].startswith("200 ")
    assert told["ask"].startswith("200 ")
    assert told["ask_plain"].startswith("415 ")
    assert told["null_origin"] == "null refused"
    assert told["socket"] == "refused"


def test_a_name_that_came_to_mean_this_machine(serve: Serve, tmp_path: Path, profile: Path) -> None:
    """The page of a rebound name asks its own origin, so that only Host tells."""
    with serve() as one:
        port = one.address.rsplit(":", 1)[1]
        for path in ("v1/models", "docs", "api/tags", "metrics"):
            seen, _ = chromium.shown(profile, f"http://rebound.test:{port}/{path}")
            assert "not known by that name" in seen, path
        seen, _ = chromium.shown(profile, f"{one.address}/v1/models")
        assert "tiny-llama" in seen
    statuses = [line["status"] for line in requests_logged(tmp_path / "server.log")]
    assert statuses.count(403) >= 4
    assert statuses.count(200) == 1


def test_the_documentation_is_shown(serve: Serve, tmp_path: Path, profile: Path) -> None:
    """Without anything from elsewhere, and without anything that its own policy forbids."""
    with serve("--api-key", "secret") as one:
        seen, told = chromium.shown(profile, f"{one.address}/docs", "--virtual-time-budget=20000")
    assert seen.count('class="opblock ') > 30
    for text in ("/v1/chat/completions", "Answer a conversation", "ChatCompletionRequest"):
        assert text in seen
    assert not re.search("Refused to|violates|ERR_|Uncaught", told), told
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', seen)
    logged = requests_logged(tmp_path / "server.log")
    assert {line["status"] for line in logged} == {200}, logged
