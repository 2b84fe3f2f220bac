"""Complaint 14: nothing is asked for beyond this machine, and nothing beyond it is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import child_environment

from .conftest import TEXT

# In a network namespace of its own, where there is nothing but a loopback device, which is down at first.
PROGRAM = """
import fcntl, json, socket, struct, sys
from pathlib import Path
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
    fcntl.ioctl(device, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))  # SIOCSIFFLAGS: up, running
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error:
    assert error.errno == 101, error  # ENETUNREACH
sys.path[:0] = json.loads(sys.argv[1])
from app.running import running
with running(Path(sys.argv[2]), Path(sys.argv[3])) as app:
    app.ask("PATCH", "/settings", {"default_model": sys.argv[4]})
    assert app.ask("GET", "/state")["default_model"] == sys.argv[4]
    chat = app.chat(settings={"sampling": {"max_tokens": 4}})
    assert app.reply(chat, "Hello")["state"] == "done"
print("answered")
"""


def test_complaint_14_it_works_in_a_network_without_a_route(store: Path, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a network namespace")
    command = [unshare, "-rn", sys.executable, "-c", PROGRAM]
    given = [str(Path(__file__).parents[1]), *filter(None, sys.path)]
    environment = child_environment()
    environment.pop("GPT4ALL_OFFLINE", None)
    done = subprocess.run(
        [*command, json.dumps(given), str(store), str(tmp_path / "data"), TEXT],
        env={**environment, "HOME": os.environ.get("HOME", "/root")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "answered\n"), done.stderr
