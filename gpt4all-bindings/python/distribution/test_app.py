"""The chat application of the wheel: how much it adds, and that it needs neither Node nor a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from distribution.conftest import Install
from distribution.installed import Installed

MOST_BYTES = 150_000_000
FREE = re.compile(r"\b(?:MIT|BSD|Apache|MPL|Mozilla|ISC|PSF|PSFL|Python Software Foundation)\b")
NOT_FREE = re.compile(r"GPL|Affero|SSPL|BUSL|Commons|Commercial|Proprietary", re.IGNORECASE)
LICENCES = """
import importlib.metadata, json, sys
def told(package):
    fields = package.metadata
    kinds = [each for each in fields.get_all("Classifier") or [] if each.startswith("License ::")]
    return fields["License-Expression"] or " ".join([(fields["License"] or "")[:200], *kinds])
json.dump({each.metadata["Name"]: told(each) for each in importlib.metadata.distributions()}, sys.stdout)
"""
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


def test_whatever_it_requires_may_be_passed_on_with_any_program(with_app: Installed) -> None:
    licences = json.loads(with_app.run("python", "-c", LICENCES))
    assert len(licences) > 30
    wrong = {name: text for name, text in licences.items() if not FREE.search(text) or NOT_FREE.search(text)}
    assert not wrong


def test_the_pages_carry_the_licences_of_what_they_contain(with_app: Installed) -> None:
    (path,) = with_app.folder.glob("lib/python*/site-packages/gpt4all/_app/static/LICENSES.txt")
    text = path.read_text(encoding="utf-8")
    assert {"dompurify", "highlight.js", "katex", "markdown-it", "svelte"} <= set(
        re.findall(r"^Name: (\S+)", text, re.M)
    )
    assert text.count("Copyright") >= 10


def test_complaint_14_it_answers_where_no_other_machine_can_be_reached(
    with_app: Installed, default_model: str, tmp_path: Path
) -> None:
    unshare, ip = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for name in ("unshare", "ip"))
    if not unshare or not ip:
        pytest.skip("there is no unshare or no ip (Debian: util-linux, iproute2)")
    prefix = [unshare, "--map-root-user", "--kill-child", "--net"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets us make no network namespace")
    arguments = (str(PROGRAM), ip, str(tmp_path / "data"), default_model)
    told = json.loads(with_app.run("python", *arguments, prefix=prefix))
    assert told["last"] == "done"
    assert "<script" in told["page"]
    assert len(told["named"]) >= 2
    assert told["answer"].split()
