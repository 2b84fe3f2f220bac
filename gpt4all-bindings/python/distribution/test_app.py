"""The chat application of the wheel: how much it adds, and that it needs neither Node nor a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from distribution.conftest import Install
from distribution.installed import Installed

MOST_BYTES = 150_000_000
PROGRAM = Path(__file__).with_name("asking_the_app.py")


def size(folder: Path) -> int:
    """Bytes of all files, without the bytecode that is made of them when they are first used."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files if path.suffix != ".pyc")


@pytest.fixture(scope="module")
def with_app(install: Install, unpacked: Path) -> Installed:
    """The wheel with the extra `app`."""
    if not (unpacked / "gpt4all" / "_app" / "static" / "index.html").is_file():
        pytest.skip("the wheel was built without the pages, since there was no Node or no registry")
    return install(Path(sys.executable), "app")


def test_complaint_14_the_application_adds_little(with_app: Installed, here: Installed) -> None:
    added = size(with_app.folder) - size(here.folder)
    pages = size(next(with_app.folder.glob("lib/python*/site-packages/gpt4all/_app")))
    assert added + pages <= MOST_BYTES, f"{added:,} bytes of packages, {pages:,} of the application"


def test_complaint_14_it_answers_where_no_other_machine_can_be_reached(
    with_app: Installed, default_model: str, tmp_path: Path
) -> None:
    unshare, ip = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for name in ("unshare", "ip"))
    if not unshare or not ip:
        pytest.skip("there is no unshare or no ip (Debian: util-linux, iproute2)")
    prefix = [unshare, "--map-root-user", "--net"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets us make no network namespace")
    arguments = (str(PROGRAM), ip, str(tmp_path / "data"), default_model)
    told = json.loads(with_app.run("python", *arguments, prefix=prefix))
    assert told["last"] == "done"
    assert "<script" in told["page"]
    assert len(told["named"]) >= 2
    assert told["answer"].split()
