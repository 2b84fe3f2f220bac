"""Moving to another release of llama.cpp, with small repositories made here; no network."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ci.common import BadPatch, Failure, NoNetwork
from ci.fetch import bump, llama_cpp, sources

LINES = [f"line {number}\n" for number in range(1, 31)]
MESSAGE = "From 0 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] Say why\n\nBecause.\n---\n"


def git(where: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "init.defaultBranch=main"]
    command = ["git", *identity, "-C", str(where), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class World:
    """An upstream with two releases, v1 and v2, and patches that fit v1."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.upstream, self.patches = base / "upstream", base / "gpt4all-backend" / "patches"
        self.patches.mkdir(parents=True)
        self.upstream.mkdir()
        git(self.upstream, "init", "-q")
        (self.upstream / "CMakeLists.txt").write_text("option(A)\n")
        (self.upstream / "ggml").mkdir()
        (self.upstream / "ggml" / "CMakeLists.txt").write_text("")
        self.release("v1", LINES)
        self.tree = git(self.upstream, "rev-parse", "v1^{tree}").strip()
        self.lock = base / "gpt4all-backend" / "llama.cpp.lock"
        origins = [{"kind": "npm", "package": "p", "version": "1"}, {"kind": "git", "url": self.upstream.as_uri()}]
        self.lock.write_text(json.dumps({"version": "1", "tag": "v1", "tree": self.tree, "sources": origins}))
        self.readme = base / "README.md"
        self.readme.write_text(f"| GPT4All | llama.cpp | tree |\n| 3 | v1 | `{self.tree}` |\n")
        for name, value in {
            "ROOT": base,
            "LOCK": self.lock,
            "PATCHES": self.patches,
            "WORK": base / "build" / "bump",
            "TREE": base / "build" / "bump" / "llama.cpp",
        }.items():
            monkeypatch.setattr(bump, name, value)
        monkeypatch.setattr(llama_cpp, "KINDS", {**sources.KINDS, "npm": self._no_npm})
        monkeypatch.setenv("GPT4ALL_CACHE", str(base / "cache"))
        monkeypatch.delenv("GPT4ALL_LLAMA_CPP", raising=False)
        self._monkeypatch = monkeypatch

    @staticmethod
    def _no_npm(*_: object) -> Path:
        raise NoNetwork("no npm here")

    def release(self, tag: str, lines: list[str], options: str = "option(A)\n") -> None:
        (self.upstream / "a.txt").write_text("".join(lines))
        (self.upstream / "CMakeLists.txt").write_text(options)
        git(self.upstream, "add", "-A")
        git(self.upstream, "commit", "-q", "-m", tag)
        git(self.upstream, "tag", tag)

    def patch(self, name: str, old: int, text: str) -> None:
        """A patch of one line of v1."""
        git(self.upstream, "checkout", "-q", "v1")
        lines = list(LINES)
        lines[old] = text
        (self.upstream / "a.txt").write_text("".join(lines))
        (self.patches / name).write_text(MESSAGE + git(self.upstream, "diff", "-U2"))
        git(self.upstream, "checkout", "-q", "-f", "main")

    def bump(self) -> int:
        self._monkeypatch.setattr("sys.argv", ["bump", "v2", "--lanes", ""])
        return bump.main()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_patches_that_apply_or_can_be_merged_are_written_with_the_lock(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = list(LINES)
    lines[18] = "upstream's\n"  # in the context of the second patch, two lines above what it changes
    world.release("v2", ["first\n", *lines], "option(A)\noption(B)\n")
    world.patch("0001-a.patch", 5, "ours\n")
    world.patch("0002-b.patch", 20, "ours too\n")
    before = (world.patches / "0001-a.patch").read_text()
    assert world.bump() == 0
    shown = capsys.readouterr().out
    assert "applies   0001-a.patch" in shown and "CMake options that are new: B" in shown
    assert "merged    0002-b.patch" in shown and "renewed   0002-b.patch" in shown
    assert (world.patches / "0001-a.patch").read_text() == before
    renewed = (world.patches / "0002-b.patch").read_text()
    assert renewed.startswith(MESSAGE) and "upstream's" in renewed
    lock = sources.Lock.read(world.lock)
    tree = git(world.upstream, "rev-parse", "v2^{tree}").strip()
    assert (lock.version, lock.tag, lock.tree) == ("2", "v2", tree)
    assert [each["kind"] for each in lock.sources] == ["git"], "the npm package has another release"
    assert f"| 3 | v2 | `{tree}` |" in world.readme.read_text()


def test_a_conflict_is_named_and_changes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    lines = list(LINES)
    lines[5] = "theirs\n"
    world.release("v2", lines)
    world.patch("0001-a.patch", 5, "ours\n")
    world.patch("0002-b.patch", 20, "ours too\n")
    before = world.lock.read_text()
    with pytest.raises(BadPatch, match=r"1 of 2 need judgement. The first, 0001-a\.patch"):
        world.bump()
    shown = capsys.readouterr().out
    assert "CONFLICT  0001-a.patch: a.txt" in shown and "applies   0002-b.patch" in shown
    assert world.lock.read_text() == before and "v1" in world.readme.read_text()
    assert "<<<<<<<" in (bump.TREE / "a.txt").read_text()


def test_a_solved_conflict_is_gone_on_from(world: World) -> None:
    lines = list(LINES)
    lines[5] = "theirs\n"
    world.release("v2", lines)
    world.patch("0001-a.patch", 5, "ours\n")
    world.patch("0002-b.patch", 20, "ours too\n")
    with pytest.raises(BadPatch):
        world.bump()
    lines[5] = "both\n"
    (bump.TREE / "a.txt").write_text("".join(lines))
    git(bump.TREE, "commit", "-q", "-a", "-m", "0001-a.patch")
    assert world.bump() == 0
    assert "-theirs\n+both" in (world.patches / "0001-a.patch").read_text()
    assert sources.Lock.read(world.lock).tag == "v2"


def test_a_release_that_is_not_there(world: World) -> None:
    with pytest.raises(NoNetwork, match=r"llama\.cpp v2 could not be fetched"):
        world.bump()


def test_the_release_that_is_pinned(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bump", "v1"])
    with pytest.raises(Failure, match=r"is what llama\.cpp\.lock pins"):
        bump.main()
