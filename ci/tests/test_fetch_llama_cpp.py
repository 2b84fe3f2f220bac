"""ci.fetch.llama_cpp against small repositories made here; no network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ci.fetch.git_tree import tree_hash

ROOT = Path(__file__).resolve().parents[2]
PATCH = """\
diff --git a/src/a.txt b/src/a.txt
--- a/src/a.txt
+++ b/src/a.txt
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
"""
SECOND_PATCH = PATCH.replace("-two\n+zwei", " zwei").replace(" three", "-three\n+drei")


def git(where: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "init.defaultBranch=main"]
    command = ["git", *identity, "-C", str(where), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class World:
    """An upstream, a lock file, a folder of patches and a user with an empty cache."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.upstream = base / "upstream"
        (self.upstream / "src").mkdir(parents=True)
        (self.upstream / "src" / "a.txt").write_text("one\ntwo\nthree\n")
        (self.upstream / "src" / "b.txt").write_bytes(b"left\nalone\n")
        (self.upstream / ".gitattributes").write_text("*.txt text eol=crlf\nsecret.txt export-ignore\n")
        (self.upstream / "secret.txt").write_text("exported all the same\n")
        (self.upstream / "run.sh").write_text("#!/bin/sh\n")
        (self.upstream / "run.sh").chmod(0o755)
        (self.upstream / "link").symlink_to("src/a.txt")
        git(self.upstream, "init", "-q")
        git(self.upstream, "add", "-A")
        self.commit("first")
        git(self.upstream, "tag", "v1")
        self.tree = git(self.upstream, "rev-parse", "v1^{tree}")
        self.patches = base / "patches"
        self.patches.mkdir()
        (self.patches / "0001-zwei.patch").write_text(PATCH)
        self.into = base / "out" / "llama.cpp"
        self.cache = base / "cache"
        self.bin = base / "bin"
        self.bin.mkdir()
        self.path = os.environ["PATH"]
        self.sources: list[dict[str, str]] = [
            {"kind": "environment", "variable": "GPT4ALL_LLAMA_CPP"},
            {"kind": "cache"},
            {"kind": "git", "url": self.upstream.as_uri()},
        ]

    def commit(self, text: str) -> None:
        git(self.upstream, "commit", "-q", "-m", text)

    def run(self, *arguments: str, code: int = 0, tree: str = "", **variables: str) -> str:
        """Runs the script, checks its exit code and returns its messages."""
        lock: dict[str, Any] = {"version": "1", "tag": "v1", "tree": tree or self.tree, "sources": self.sources}
        (self.base / "lock").write_text(json.dumps(lock))
        environment = {k: v for k, v in os.environ.items() if k != "GPT4ALL_LLAMA_CPP"}
        environment |= {"GPT4ALL_CACHE": str(self.cache), "PATH": self.path, **variables}
        places = ["--into", str(self.into), "--lock", str(self.base / "lock"), "--patches", str(self.patches)]
        command = [sys.executable, "-m", "ci.fetch.llama_cpp", *places, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def npm_package(self, content: Path | None) -> None:
        """A fake npm whose package carries `content` as its bundle; None: an npm that reaches nothing."""
        lines = ["#!/bin/sh", "echo 'npm error network getaddrinfo ENOTFOUND registry' >&2", "exit 1"]
        if content:
            archive = self.base / "package.tgz"
            with tarfile.open(archive, "w:gz") as tar:
                tar.add(content, "package/release.bundle")
            lines = ["#!/bin/sh", f'cp "{archive}" "$4/package-1.tgz"']  # npm pack --silent --pack-destination DIR …
        (self.bin / "npm").write_text("\n".join(lines) + "\n")
        (self.bin / "npm").chmod(0o755)
        self.path = f"{self.bin}:{self.path}"

    def npm_source(self, bundle: Path, sha256: str = "") -> dict[str, str]:
        digest = sha256 or hashlib.sha256(bundle.read_bytes()).hexdigest()
        names = {"package": "p", "version": "1", "bundle": "package/release.bundle"}
        return {"kind": "npm", "sha256": digest, **names}

    def bundle(self) -> Path:
        path = self.base / "release.bundle"
        git(self.upstream, "bundle", "create", str(path), "HEAD")
        return path


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*") if not path.is_dir()}


def test_exports_every_byte_and_applies_the_patch(world: World) -> None:
    world.run()
    assert (world.into / "src" / "a.txt").read_text() == "one\nzwei\nthree\n"
    assert (world.into / "src" / "b.txt").read_bytes() == b"left\nalone\n"
    assert (world.into / "secret.txt").exists(), "attributes of the repository must not change what is exported"
    assert os.access(world.into / "run.sh", os.X_OK)
    assert os.readlink(world.into / "link") == "src/a.txt"


def test_export_is_the_pinned_tree(world: World) -> None:
    (world.patches / "0001-zwei.patch").unlink()
    world.run()
    (world.into / ".gpt4all-stamp.json").unlink()
    assert tree_hash(world.into) == world.tree


def test_second_run_touches_nothing_and_asks_nothing(world: World) -> None:
    world.run()
    before = times(world.into)
    shutil.rmtree(world.upstream)
    shutil.rmtree(world.cache)
    assert world.run() == ""
    assert times(world.into) == before


def test_changed_patch_renews_only_what_it_touches(world: World) -> None:
    world.run()
    before = times(world.into)
    (world.patches / "0002-drei.patch").write_text(SECOND_PATCH)
    world.run()
    assert (world.into / "src" / "a.txt").read_text() == "one\nzwei\ndrei\n"
    changed = {Path(name).name for name, time in times(world.into).items() if before[name] != time}
    assert changed == {"a.txt", ".gpt4all-stamp.json"}


def test_removed_patch_is_undone(world: World) -> None:
    world.run()
    (world.patches / "0001-zwei.patch").unlink()
    world.run()
    assert (world.into / "src" / "a.txt").read_text() == "one\ntwo\nthree\n"


def test_interrupted_renewal_is_finished(world: World) -> None:
    world.run()
    (world.into / ".gpt4all-stamp.json").write_text('{"unfinished": true}')
    (world.into / "src" / "a.txt").write_text("half")
    (world.into / "stray.txt").write_text("of another release")
    world.run()
    assert (world.into / "src" / "a.txt").read_text() == "one\nzwei\nthree\n"
    assert not (world.into / "stray.txt").exists()


def test_new_release_replaces_folders_by_files_and_back(world: World) -> None:
    world.run()
    shutil.rmtree(world.upstream / "src")
    (world.upstream / "src").write_text("now a file\n")
    (world.upstream / "run.sh").unlink()
    (world.upstream / "run.sh").mkdir()
    (world.upstream / "run.sh" / "inner").write_text("now a folder\n")
    (world.upstream / "link").unlink()
    git(world.upstream, "add", "-A")
    world.commit("second")
    git(world.upstream, "tag", "-f", "v1")
    (world.patches / "0001-zwei.patch").unlink()
    world.run(tree=git(world.upstream, "rev-parse", "v1^{tree}"))
    assert (world.into / "src").read_text() == "now a file\n"
    assert (world.into / "run.sh" / "inner").read_text() == "now a folder\n"
    assert not os.path.lexists(world.into / "link")


def test_cache_serves_without_the_source(world: World) -> None:
    world.run()
    shutil.rmtree(world.upstream)
    shutil.rmtree(world.into)
    assert "from: cache" in world.run()


def test_damaged_cache_is_fetched_again(world: World) -> None:
    world.run()
    shutil.rmtree(world.into)
    objects = world.cache / "llama.cpp" / f"{world.tree}.git" / "objects"
    for path in [*objects.rglob("*.pack"), *objects.glob("??/*")]:
        path.chmod(0o644)
        path.write_bytes(b"rot")
    assert "from: git" in world.run()
    shutil.rmtree(world.into)
    assert "from: cache" in world.run()


def test_environment_checkout_comes_first_and_is_exported_by_tree(world: World) -> None:
    (world.upstream / "src" / "a.txt").write_text("edited in the work tree\n")
    git(world.upstream, "add", "-A")
    world.commit("later work")
    world.sources[2]["url"] = "file:///nowhere"
    assert "from: environment" in world.run(GPT4ALL_LLAMA_CPP=str(world.upstream))
    assert (world.into / "src" / "a.txt").read_text() == "one\nzwei\nthree\n"
    assert not (world.cache / "llama.cpp").exists()


def test_environment_checkout_without_the_tree_is_a_wrong_hash(world: World) -> None:
    text = world.run(code=3, tree="0" * 39 + "1", GPT4ALL_LLAMA_CPP=str(world.upstream))
    assert "wrong hash" in text and "GPT4ALL_LLAMA_CPP" in text and world.tree in text
    assert not world.into.exists()


def test_environment_naming_no_checkout_is_said(world: World, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "not a git checkout" in world.run(code=1, GPT4ALL_LLAMA_CPP=str(tmp_path / "empty"))


def test_wrong_tree_from_the_tag(world: World) -> None:
    wrong = "0" * 39 + "1"
    text = world.run(code=3, tree=wrong)
    assert "wrong hash" in text and world.tree in text and wrong in text
    assert not world.into.exists() and not (world.cache / "llama.cpp").exists()


def test_npm_bundle(world: World) -> None:
    bundle = world.bundle()
    world.npm_package(bundle)
    world.sources.insert(2, world.npm_source(bundle))
    assert "from: npm" in world.run()


def test_npm_bundle_with_another_digest(world: World) -> None:
    bundle = world.bundle()
    world.npm_package(bundle)
    world.sources.insert(2, world.npm_source(bundle, sha256="0" * 64))
    assert "SHA-256" in world.run(code=3)


def test_npm_bundle_of_another_tree(world: World) -> None:
    bundle = world.bundle()
    world.npm_package(bundle)
    world.sources.insert(2, world.npm_source(bundle))
    assert world.tree in world.run(code=3, tree="0" * 39 + "1")


def test_npm_that_reaches_nothing_leaves_it_to_the_next_source(world: World) -> None:
    world.npm_package(None)
    world.sources.insert(2, world.npm_source(world.bundle()))
    assert "from: git" in world.run()


def test_no_network(world: World) -> None:
    world.npm_package(None)
    world.sources.insert(2, world.npm_source(world.bundle()))
    world.sources[3]["url"] = "file:///nowhere"
    text = world.run(code=4)
    assert "no network" in text and "ENOTFOUND" in text and "nowhere" in text and "GPT4ALL_LLAMA_CPP" in text
    assert not world.into.exists()


def test_missing_git(world: World) -> None:
    world.path = str(world.bin)
    text = world.run(code=5)
    assert "missing tool" in text and "git" in text


def test_missing_npm_where_git_reaches_nothing(world: World) -> None:
    world.sources.insert(2, world.npm_source(world.bundle()))
    world.sources[3]["url"] = "file:///nowhere"
    (world.bin / "git").symlink_to(shutil.which("git") or "")
    world.path = str(world.bin)
    text = world.run(code=5)
    assert "missing tool" in text and "npm" in text


def test_patch_that_does_not_apply_is_named(world: World) -> None:
    (world.patches / "0002-gone.patch").write_text(PATCH.replace("two", "deux"))
    text = world.run(code=6)
    assert "0002-gone.patch" in text and "docs/llama-cpp-version-bump.md" in text
    assert not world.into.exists()


def test_bad_patch_leaves_what_was_there(world: World) -> None:
    world.run()
    before = times(world.into)
    (world.patches / "0002-gone.patch").write_text(PATCH.replace("two", "deux"))
    world.run(code=6)
    assert times(world.into) == before


def test_patches_apply_inside_another_repository(world: World) -> None:
    git(world.base, "init", "-q")
    world.run()
    assert (world.into / "src" / "a.txt").read_text() == "one\nzwei\nthree\n"


def test_folder_of_someone_else_is_left_alone(world: World) -> None:
    world.into.mkdir(parents=True)
    (world.into / "thesis.txt").write_text("years of work")
    assert "did not put there" in world.run(code=1)
    assert (world.into / "thesis.txt").read_text() == "years of work"


def test_same_folder_made_by_hand_is_adopted(world: World) -> None:
    world.run()
    (world.into / ".gpt4all-stamp.json").unlink()
    before = times(world.into)
    world.run()
    after = times(world.into)
    assert {name: after[name] for name in before} == before
    assert (world.into / ".gpt4all-stamp.json").exists()


def test_two_at_once(world: World) -> None:
    world.run("--print-tree")  # writes the lock file that both read
    places = ["--into", str(world.into), "--lock", str(world.base / "lock"), "--patches", str(world.patches)]
    environment = {**os.environ, "GPT4ALL_CACHE": str(world.cache)}
    environment.pop("GPT4ALL_LLAMA_CPP", None)
    command = [sys.executable, "-m", "ci.fetch.llama_cpp", *places]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    errors = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, errors
    assert sum("lies in" in error for error in errors) == 1
    assert (world.into / "src" / "a.txt").read_text() == "one\nzwei\nthree\n"


def test_verify_finds_an_edited_file(world: World) -> None:
    world.run()
    world.run("--verify")
    (world.into / "run.sh").write_text("#!/bin/sh\necho edited\n")
    assert "run.sh" in world.run("--verify", code=3)


def test_print_tree(world: World) -> None:
    assert world.run("--print-tree").strip() == world.tree


def test_lock_file_that_is_none(world: World) -> None:
    broken = world.base / "broken"
    broken.write_text("{")
    assert str(broken) in world.run("--lock", str(broken), code=1)
