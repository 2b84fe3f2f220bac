"""The program: its port, its window, what it says, and what it does without a package."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import child_environment
from gpt4all import InvalidArgumentError
from gpt4all._app import run as program
from gpt4all._app.settings import AppSettings

from .running import App, running

WINDOW = """
    import os, requests
    def create_window(title, address, **size):
        base, token = address.split("/#token=")
        session = requests.Session()
        assert session.post(base + "/app/v1/session", json={"token": token}).status_code == 204
        state = session.get(base + "/app/v1/state").json()
        open(os.environ["SHOWN"], "w").write(f"{title} {state['data_folder']}")
    def start():
        pass
"""


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "gpt4all", "app", "--data-folder", str(folder / "data"), *options]


def test_a_window_ends_the_program_when_it_is_closed(tmp_path: Path, store: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "webview.py").write_text(textwrap.dedent(WINDOW))
    environment = child_environment(GPT4ALL_CACHE=str(store), SHOWN=str(tmp_path / "shown"))
    environment["PYTHONPATH"] += f":{tmp_path / 'packages'}"
    options = ("--desktop", "--port", "0")
    done = subprocess.run(
        command(tmp_path, *options), env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "shown").read_text() == f"GPT4All {tmp_path / 'data'}"
    assert not (tmp_path / "data" / "app.json").exists()


def test_a_window_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webview", None)
    with pytest.raises(InvalidArgumentError, match=r"pip install 'gpt4all\[desktop\]'"):
        program.run(AppSettings(folder=tmp_path / "data", desktop=True))
    assert not (tmp_path / "data").exists()


def test_the_browser_is_opened_once_the_server_answers(tmp_path: Path, store: Path) -> None:
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    script.chmod(0o755)
    environment = child_environment(GPT4ALL_CACHE=str(store), BROWSER=str(script))
    process = subprocess.Popen(command(tmp_path, "--port", "0"), env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.readline()
    wait(lambda: (tmp_path / "opened").exists() and (tmp_path / "opened").read_text().endswith("\n"))
    process.send_signal(signal.SIGINT)
    process.wait(60)
    process.stderr.close()
    opened = (tmp_path / "opened").read_text().strip()
    assert "#token=" in opened
    assert "#token=" not in said  # whoever reads the terminal's history
    assert opened.split("/#")[0] in said


def wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_port_that_was_asked_for_must_be_free(tmp_path: Path, store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            command(tmp_path, "--no-browser", "--port", port),
            env=child_environment(GPT4ALL_CACHE=str(store)),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 1
    assert "another program uses it" in done.stderr


def test_without_a_front_end_the_page_says_so(any_app: App) -> None:
    """As in a checkout that was not built. What is there is shown otherwise: see test_access.py."""
    answer = any_app.http.get(any_app.address + "/", timeout=60)
    if answer.status_code == 404:
        assert "make chat" in answer.text
    else:
        assert "<!doctype html>" in answer.text.lower()


def test_two_folders_are_two_applications(tmp_path: Path, store: Path) -> None:
    with running(store, tmp_path / "one") as one, running(store, tmp_path / "two") as two:
        assert one.address != two.address
        assert two.http.get(f"{one.address}/app/v1/state", timeout=60).status_code == 401


def test_without_the_extra_it_says_what_to_install() -> None:
    without = "import sys; sys.modules['uvicorn'] = None; sys.argv[1:] = ['app']"
    code = f"{without}; from gpt4all._cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "needs the package uvicorn; install it with: pip install 'gpt4all[app]'" in done.stderr
