"""Who may ask the application, and how its page comes to be allowed to."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
import requests

from conftest import child_environment
from gpt4all._app import pages
from gpt4all._app.lock import AlreadyRunningError, Instance
from gpt4all._app.sessions import SESSION_SECONDS, TOKEN_SECONDS, Sessions

from .conftest import TEXT
from .running import App, signed_in

BODY = {"model": TEXT, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}


def test_the_api_needs_a_session(app: App) -> None:
    for path in ("/app/v1/state", "/app/v1/chats", "/app/v1/openapi.json", "/app/v1/none", "/app"):
        answer = requests.get(app.address + path, timeout=60)
        assert answer.status_code in (401, 404), path
        if path != "/app":
            assert answer.json()["error"]["code"] == "session_needed"
            assert answer.json()["error"]["remedies"]
    assert app.ask("GET", "/state")["version"]


def test_a_token_works_once(app: App, tmp_path: Path) -> None:
    wrong = requests.post(f"{app.address}/app/v1/session", json={"token": "1.2.3"}, timeout=60)
    assert wrong.status_code == 401
    sessions = Sessions(tmp_path)
    token = sessions.token()
    cookie = sessions.begin(token)
    assert cookie is not None
    assert sessions.begin(token) is None
    assert sessions.known(f"other=1; {sessions.cookie}={cookie}")
    assert not sessions.known(f"{sessions.cookie}={token}")  # a token is no cookie
    assert not sessions.known(f"{sessions.cookie}={cookie[:-1]}")
    assert sessions.begin(cookie) is None
    assert Sessions(tmp_path).known(f"{sessions.cookie}={cookie}")  # after a start
    (tmp_path / "other").mkdir()
    other = Sessions(tmp_path / "other")
    assert other.cookie != sessions.cookie  # a browser keeps both
    assert not other.known(f"{other.cookie}={cookie}")


def test_tokens_and_sessions_grow_old(tmp_path: Path) -> None:
    now = 1000.0
    sessions = Sessions(tmp_path, clock=lambda: now)
    token, other = sessions.token(), sessions.token()
    cookie = sessions.begin(other)
    now += TOKEN_SECONDS + 1
    assert sessions.begin(token) is None
    assert sessions.begin(other) is None  # used, however long ago
    assert sessions.known(f"{sessions.cookie}={cookie}")
    now += SESSION_SECONDS
    assert not sessions.known(f"{sessions.cookie}={cookie}")


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "9999999999..", "9999999999.é.x", "x" * 500])
def test_what_is_no_token_is_refused(text: str, tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    assert sessions.begin(text) is None
    assert not sessions.known(f"{sessions.cookie}={text}")


def test_a_secret_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    """As a power failure leaves it: whoever guesses that it is empty could sign a session."""
    Sessions(tmp_path)
    for left in (b"", b"abc"):
        (tmp_path / "secret").write_bytes(left)
        Sessions(tmp_path)
        assert len((tmp_path / "secret").read_bytes()) == 32
        assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_the_cookie_is_for_this_page_alone(app: App) -> None:
    cookie = next(iter(app.http.cookies))
    assert cookie.name.startswith("gpt4all_session_")
    assert cookie.path == "/"
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert str(cookie.get_nonstandard_attr("SameSite")).lower() == "strict"


def test_other_names_and_pages_are_refused(app: App) -> None:
    forged = app.http.get(f"{app.address}/app/v1/state", headers={"Host": "evil.example"}, timeout=60)
    assert forged.status_code == 403
    assert forged.json()["error"]["code"] == "host_not_allowed"
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        answer = app.http.get(f"{app.address}/app/v1/state", headers={"Origin": origin}, timeout=60)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    page = app.http.get(f"{app.address}/", headers={"Host": "evil.example"}, timeout=60)
    assert page.status_code == 403


def test_only_json_is_taken(app: App) -> None:
    url = f"{app.address}/app/v1/chats"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert app.http.post(url, data=b"{}", headers={"Content-Type": kind}, timeout=60).status_code == 415
    as_json = {"Content-Type": "application/json"}
    for body in (b"{", b"[]", b'{"title": 1}', b'{"unknown": 1}', b"[" * 100_000, b'{"title": "\\ud800"}', b"\xff"):
        answer = app.http.post(url, data=body, headers=as_json, timeout=60)
        assert answer.status_code == 400, (body[:20], answer.text)
        assert answer.json()["error"]["message"]


def test_keys_are_for_programs(app: App) -> None:
    """Without any, programs on this machine use the APIs as of `gpt4all serve`; never the page's."""
    before = app.ask("GET", "/server")["requests"]
    url = f"{app.address}/v1/chat/completions"
    assert requests.post(url, json=BODY, timeout=60).ok
    made = app.ask("POST", "/server/keys", {"name": "editor"})
    listed = app.ask("GET", "/server")
    assert [(key["name"], made["key"].startswith(key["prefix"])) for key in listed["keys"]] == [("editor", True)]
    assert made["key"] not in str(listed)
    assert requests.post(url, json=BODY, timeout=60).status_code == 401
    key = {"Authorization": f"Bearer {made['key']}"}
    assert requests.post(url, json=BODY, headers=key, timeout=60).ok
    assert requests.get(f"{app.address}/app/v1/state", headers=key, timeout=60).ok
    seen = [each for each in app.ask("GET", "/server")["requests"] if each not in before]
    assert [(each["path"], each["status"]) for each in seen] == [
        ("/v1/chat/completions", 200),
        ("/v1/chat/completions", 200),
    ]
    app.ask("DELETE", f"/server/keys/{made['id']}", status=204)
    assert requests.get(f"{app.address}/app/v1/state", headers=key, timeout=60).status_code == 401
    app.ask("DELETE", f"/server/keys/{made['id']}", status=404)


def test_pages_carry_a_policy(app: App) -> None:
    """Whatever the address, but for those of the APIs."""
    for path in ("/", "/chat/1", "/app.html", "/v1x"):
        answer = requests.get(app.address + path, timeout=60)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    for path in ("/v1/none", "/api/none", "/app/none"):
        assert requests.get(app.address + path, timeout=60).headers["content-type"] == "application/json"


def test_answers_are_not_kept_by_browsers(app: App) -> None:
    answer = app.http.get(f"{app.address}/app/v1/chats", timeout=60)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_path_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("index")
    (folder / "assets" / "a-1.js").write_text("js")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    named = {"/assets/a-1.js": "a-1.js", "/": "index.html", "/chat/1": "index.html", "/assets/none.js": "index.html"}
    outside = ("/../secret", "/link", "//../secret", "/assets/../../secret", "/%2e%2e/secret", "/a\0b", "/..\\secret")
    for path, name in {**named, **dict.fromkeys(outside, "index.html"), "/" + "a" * 5000: "index.html"}.items():
        answer = pages.page(path, folder)
        assert Path(str(getattr(answer, "path"))).name == name, path  # noqa: B009
        immutable = "immutable" in answer.headers["cache-control"]
        assert immutable == (path == "/assets/a-1.js")


def test_one_instance_has_a_folder(tmp_path: Path) -> None:
    with Instance(tmp_path) as first:
        with pytest.raises(AlreadyRunningError, match="just starting") as caught:
            _ = second(tmp_path)
        assert caught.value.address is None
        first.tell("http://127.0.0.1:1")
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()} at http://127.0.0.1:1") as caught:
            _ = second(tmp_path)
        assert caught.value.detail == {"path": str(tmp_path), "pid": os.getpid(), "address": "http://127.0.0.1:1"}
    Instance(tmp_path).close()


def second(folder: Path) -> Instance:
    """FileLock lets a process have a lock twice only through one object."""
    return Instance(folder)


def test_a_second_start_opens_the_first(app: App, store: Path) -> None:
    command = [sys.executable, "-m", "gpt4all", "app", "--no-browser", "--data-folder", str(app.data)]
    environment = child_environment(GPT4ALL_CACHE=str(store))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    address = done.stderr.split()[-1]
    assert urllib.parse.urlsplit(address).netloc == urllib.parse.urlsplit(app.address).netloc
    assert signed_in(address).get(f"{app.address}/app/v1/state", timeout=60).ok


def test_what_is_kept_is_private(app: App) -> None:
    for name in ("", "chat.db", "secret"):
        mode = stat.S_IMODE((app.data / name).stat().st_mode)
        assert mode & 0o077 == 0, name
