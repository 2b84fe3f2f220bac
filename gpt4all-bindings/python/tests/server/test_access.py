"""Who may ask: the attacks of web pages, keys, kinds and sizes of bodies."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from gpt4all import InvalidArgumentError
from gpt4all._server.access.hosts import Hosts, Origins, host_name
from gpt4all._server.access.keys import accepted, hashed, key_of, new_key
from gpt4all._server.settings import ServerSettings

from .conftest import TEXT, Serve, Served

CHAT = {"model": TEXT, "messages": [{"role": "user", "content": "a"}], "max_tokens": 1}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4891",
        "127.0.0.1.nip.io",
        "localhost.evil.example",
        "192.168.1.5",
        "[::2]",
        "",
        "a b",
    ],
)
def test_other_names_are_refused(served: Served, host: str) -> None:
    """By DNS rebinding, a page makes its own name mean this machine."""
    answer = served.get("/v1/models", headers={"Host": host})
    assert answer.status_code in (400, 403), answer.text
    assert "data" not in answer.text


@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/chat/completions"])
def test_there_are_no_web_sockets(served: Served, path: str) -> None:
    """They are not subject to what browsers ask before other requests."""
    place = urlsplit(served.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    connection.request("GET", path, headers={"Connection": "Upgrade", "Upgrade": "websocket", **key})
    assert connection.getresponse().status == 403


def test_offers_of_http2_are_declined(served: Served) -> None:
    """Java's HttpClient makes one with every request; the body counts all the same, and so does the next request."""
    place = urlsplit(served.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAA"}
    for body in (json.dumps(CHAT).encode(), iter([json.dumps(CHAT).encode()])):
        connection.request(
            "POST", "/v1/chat/completions", body, {**offer, "Content-Type": "application/json"}, encode_chunked=True
        )
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["model"]) == (200, TEXT)
        connection.request("GET", "/v1/models", headers=offer)
        answer = connection.getresponse()
        assert (answer.status, bool(json.loads(answer.read())["data"])) == (200, True)


def test_two_hosts_are_refused(served: Served) -> None:
    place = urlsplit(served.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.putrequest("GET", "/v1/models", skip_host=True)
    connection.putheader("Host", "evil.example")
    connection.putheader("Host", place.netloc)
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:4891", "[::1]:4891", "chat.localhost"])
def test_names_of_this_machine(served: Served, host: str) -> None:
    assert served.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", "/health", "/metrics", "/nothing"])
def test_pages_of_others_are_refused(served: Served, headers: dict[str, str], path: str) -> None:
    answer = served.get(path, headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    preflight = requests.options(
        served.address + path, headers={**headers, "Access-Control-Request-Method": "POST"}, timeout=60
    )
    assert preflight.status_code == 403


def test_its_own_pages_may_ask(served: Served) -> None:
    assert served.get("/v1/models", headers={"Origin": served.address}).status_code == 200
    assert served.get("/v1/models", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_forms_of_pages_are_refused(served: Served) -> None:
    """What a page sends without a preflight is never JSON."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = requests.post(
            f"{served.address}/v1/chat/completions", data=b"{}", headers={"Content-Type": kind}, timeout=60
        )
        assert answer.status_code == 415, kind


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_ollamas_programs_need_not_say_json(served: Served, kind: str) -> None:
    """curl says that it sends a form. What may come from a page is refused."""
    body = json.dumps({"model": TEXT, "prompt": "a", "stream": False, "options": {"num_predict": 1}})

    def status(path: str, **headers: str) -> int:
        sent = {"Content-Type": kind, **headers}
        return requests.post(served.address + path, data=body, headers=sent, timeout=60).status_code

    assert status("/api/generate") == 200
    assert status("/v1/completions") == 415
    assert status("/apix") == 415
    for name, value in {
        "Origin": served.address,
        "Referer": "http://127.0.0.1/",
        "Sec-Fetch-Site": "none",
        "Sec-Fetch-Mode": "no-cors",
    }.items():
        assert status("/api/generate", **{name: value}) == 415, name
    assert status("/api/generate", Origin="https://evil.example") == 403
    assert status("/api/generate", Origin="null") == 403


def test_a_page_that_is_allowed(serve: Serve) -> None:
    page = "https://chat.example"
    with serve("--allow-origin", page) as one:
        preflight = requests.options(
            f"{one.address}/v1/chat/completions",
            headers={
                "Origin": page,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, content-type",
            },
            timeout=60,
        )
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == page
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["access-control-allow-headers"] == "authorization, content-type"
        answer = one.post("/v1/chat/completions", CHAT, headers={"Origin": page})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == page
        assert one.get("/v1/models", headers={"Origin": "https://other.example"}).status_code == 403


def test_keys(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(f"# two clients\nsha256:{hashed('second')}\nthird\n")
    with serve("--api-key", "first", "--api-key-file", str(file)) as one:
        assert one.get("/health").status_code == 200
        refused = one.get("/v1/models")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        for key in ("wrong", "", "firs", "first ", hashed("second"), f"sha256:{hashed('second')}", "é"):
            answer = one.get("/v1/models", headers={"Authorization": f"Bearer {key}x".encode()})
            assert answer.status_code == 401, key
        for key in ("first", "second", "third"):
            assert one.get("/v1/models", headers={"Authorization": f"Bearer {key}"}).status_code == 200
            assert one.get("/v1/models", headers={"x-api-key": key}).status_code == 200


def test_prompts_and_keys_are_not_logged(serve: Serve, tmp_path: Path) -> None:
    with serve("--api-key", "hush-key") as one:
        headers = {"Authorization": "Bearer hush-key"}
        asked = {**CHAT, "messages": [{"role": "user", "content": "hush-prompt"}]}
        assert one.post("/v1/chat/completions", asked, headers=headers).status_code == 200
        assert one.post("/v1/chat/completions", {**asked, "hush-field": 1}, headers=headers).status_code == 400
        assert one.post("/v1/chat/completions", asked, headers={"x-api-key": "hush-other"}).status_code == 401
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert log.count("/v1/chat/completions") == 3
    assert "hush" not in log


def test_large_bodies_are_refused(served: Served) -> None:
    long = {**CHAT, "messages": [{"role": "user", "content": "a" * (33 * 1024 * 1024)}]}
    assert served.post("/v1/chat/completions", long).status_code == 413
    chunks = (b"a" * 2**20 for _ in range(40))
    try:
        answer = requests.post(
            f"{served.address}/v1/chat/completions",
            data=chunks,
            headers={"Content-Type": "application/json"},
            timeout=60,
        )
        assert answer.status_code == 413
    except requests.ConnectionError:
        pass  # it closes the connection rather than read the rest
    assert served.get("/health").status_code == 200


def test_other_machines_need_a_key() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        with pytest.raises(InvalidArgumentError, match="API key"):
            ServerSettings(host=("127.0.0.1", host)).check()
    ServerSettings(host=("0.0.0.0",), api_keys=(hashed("a"),)).check()


def test_host_names() -> None:
    assert host_name("Example.ORG:80") == "example.org"
    assert host_name("[::1]:80") == "::1"
    for wrong in ("a@b", "a/b", "a?b", "a:b", "a:99999", "", "[::1"):
        assert host_name(wrong) is None, wrong
    everywhere = Hosts(["0.0.0.0"], ["model.example"])
    assert everywhere.known("192.168.1.5:4891")
    assert everywhere.known("model.example")
    assert not everywhere.known("evil.example")
    assert not everywhere.known(None)


def test_all_origins_are_not_null() -> None:
    assert Origins(["*"]).allows("https://a.example")
    assert not Origins(["*"]).allows("null")


def test_keys_are_random_and_compared_whole() -> None:
    key = new_key()
    assert key != new_key()
    assert accepted(key, [hashed("a"), hashed(key)])
    assert not accepted(None, [hashed("")])
    assert not accepted(key[:-1], [hashed(key)])
    assert key_of({b"authorization": b"Basic abc"}) is None
    assert key_of({b"api-key": b"abc"}) == "abc"
