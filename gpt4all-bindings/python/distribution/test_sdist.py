"""The sdist: that it holds all that a build needs, and nothing that was changed. That it builds offline is shown by the
wheel that its lane hands to test_wheel.py."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from distribution.installed import BINDING, ROOT

LLAMA_CPP = "source/build/llama.cpp/"


@pytest.fixture(scope="module")
def files(sdist: Path) -> dict[str, bytes]:
    """The content of every file, by its path below the sdist's one folder."""
    content = {}
    with tarfile.open(sdist) as archive:
        for member in archive:
            assert member.isfile(), f"{member.name} is no plain file"
            path = PurePosixPath(member.name)
            assert ".." not in path.parts
            assert path.parts[0] == sdist.name.removesuffix(".tar.gz")
            handle = archive.extractfile(member)
            assert handle is not None
            content[str(PurePosixPath(*path.parts[1:]))] = handle.read()
    return content


def test_llama_cpp_is_the_pinned_one_with_our_patches(files: dict[str, bytes]) -> None:
    stamp = json.loads(files[LLAMA_CPP + ".gpt4all-stamp.json"])
    lock = json.loads((ROOT / "gpt4all-backend" / "llama.cpp.lock").read_text(encoding="utf-8"))
    assert stamp["tree"] == lock["tree"]
    assert sorted(stamp["patches"]) == sorted(path.name for path in (ROOT / "gpt4all-backend").glob("patches/*.patch"))
    names = [name for name in files if name.startswith(LLAMA_CPP)]
    assert len(names) > 1000
    for name in names:  # the sdist is made of a folder that was compared with the pinned tree, file by file
        assert files[name] == (ROOT / "build" / "llama.cpp" / name.removeprefix(LLAMA_CPP)).read_bytes(), name


def test_everything_else_is_the_repositorys(files: dict[str, bytes]) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    known = set(listing.stdout.splitlines())
    for name, content in files.items():
        if name.startswith(LLAMA_CPP) or name == "PKG-INFO":
            continue
        own = name.removeprefix("source/") if name.startswith("source/") else f"{BINDING.relative_to(ROOT)}/{name}"
        assert own in known, f"{name} is none of the repository's files"
        assert content == (ROOT / own).read_bytes(), name


def test_it_holds_no_more_than_a_build_needs(sdist: Path, files: dict[str, bytes]) -> None:
    assert {"LICENSE", "NOTICE", "VERSION", "README.md", "pyproject.toml", "PKG-INFO"} <= set(files)
    assert not [name for name in files if "/tests/" in name and not name.startswith(LLAMA_CPP)]
    assert sdist.stat().st_size < 15_000_000
