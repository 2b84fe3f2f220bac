"""Lays the pinned llama.cpp, patched, into a folder; does nothing if that is what lies there.

Reads gpt4all-backend/llama.cpp.lock and gpt4all-backend/patches/*.patch. Whatever way the source comes, it is the git
tree hash of the files written that decides. Needs Python, git and, for one of the sources, npm.

Exit codes: 0 done, 1 or 2 wrong use, 3 wrong hash, 4 no network, 5 missing tool, 6 a patch does not apply, 7 a file
error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ci.common import ROOT, BadPatch, Failure, MissingTool, NoNetwork, WrongHash, file_lock, run_main, say
from ci.fetch.git_tree import files_below, same_file, tree_hash
from ci.fetch.sources import FETCHED, KINDS, Lock, NotHere, cached, git, keep, why

STAMP = ".gpt4all-stamp.json"
ROUTINE = "docs/llama-cpp-version-bump.md"


def wanted_stamp(lock: Lock, patches: Sequence[Path]) -> dict[str, Any]:
    """What the stamp says of a folder made from this lock and these patches."""
    digests = {patch.name: hashlib.sha256(patch.read_bytes()).hexdigest() for patch in patches}
    return {"format": 1, "tree": lock.tree, "patches": digests}


def read_stamp(into: Path) -> dict[str, Any] | None:
    """The stamp in a folder that this script made, None if there is none."""
    try:
        stamp = json.loads((into / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def write_stamp(into: Path, stamp: dict[str, Any]) -> None:
    """Comes last, in one step: a folder that has it is whole."""
    partial = into / (STAMP + ".new")
    partial.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    partial.replace(into / STAMP)


def export(repository: Path, lock: Lock, target: Path, work: Path) -> None:
    """Writes the pinned tree out of `repository` into `target`, and checks what was written."""
    scratch = Path(tempfile.mkdtemp(prefix="export-", dir=work)) / "scratch.git"
    git("init", "-q", "--bare", str(scratch), cwd=work)
    (scratch / "objects" / "info" / "alternates").write_text(f"{repository}/objects\n", encoding="utf-8")
    (scratch / "info").mkdir(exist_ok=True)
    (scratch / "info" / "attributes").write_text("* -text -eol -filter -ident !working-tree-encoding\n")
    target.mkdir()
    try:
        git("read-tree", lock.tree, cwd=scratch)
        # without -q the files' stat data would be recorded in an index that is thrown away
        git(f"--work-tree={target}", f"--git-dir={scratch}", "checkout-index", "-a", "-q", cwd=target)
    except subprocess.CalledProcessError as error:
        raise WrongHash(f"{repository} holds tree {lock.tree} only in part: {why(error)}") from error
    found = tree_hash(target)
    if found != lock.tree:
        raise WrongHash(f"what {repository} returned as tree {lock.tree} has the hash {found}: the copy is damaged")


def obtain(lock: Lock, target: Path, work: Path) -> str:
    """Writes the unpatched source to `target` from the first source that has it, and returns that source's kind."""
    attempts: list[tuple[str, Failure]] = []
    for source in lock.sources:
        kind = source["kind"]
        if kind not in KINDS:
            raise Failure(f"the lock file names a source of unknown kind {kind!r}; the kinds are {', '.join(KINDS)}")
        try:
            repository = KINDS[kind](lock, source, work)
            export(repository, lock, target, work)
        except (NotHere, NoNetwork) as failure:
            attempts.append((kind, failure))
        except MissingTool as failure:
            if not shutil.which("git"):
                raise
            attempts.append((kind, failure))
        except WrongHash:
            if kind != "cache":
                raise
            say(f"{cached(lock)} is damaged; fetching again")
            shutil.rmtree(cached(lock), ignore_errors=True)
            shutil.rmtree(target, ignore_errors=True)
            attempts.append((kind, NotHere("was damaged and is removed")))
        else:
            if kind in FETCHED:
                keep(lock, repository)
            return kind
    tried = "".join(f"\n  {kind}: {failure}" for kind, failure in attempts)
    text = f"llama.cpp {lock.tag} (git tree {lock.tree}) could not be fetched:{tried}\n"
    if any(isinstance(failure, MissingTool) for _, failure in attempts):
        raise MissingTool(text + "Install the tool named, or set GPT4ALL_LLAMA_CPP to a checkout that has the tag.")
    raise NoNetwork(text + "Connect this machine, or set GPT4ALL_LLAMA_CPP to a checkout that has the tag.")


def apply_patches(patches: Sequence[Path], target: Path) -> None:
    """Applies each patch in order; a patch that does not fit, even with an offset, is an error."""
    for patch in patches:
        try:
            # without the ceiling git would take `target` for a part of the repository that it lies in
            git("apply", "--whitespace=nowarn", str(patch), cwd=target, GIT_CEILING_DIRECTORIES=str(target.parent))
        except subprocess.CalledProcessError as error:
            raise BadPatch(f"{patch.name}: {why(error)}\n{ROUTINE} says how to renew a patch.") from error


def differences(left: Path, right: Path) -> list[str]:
    """The names whose files differ between two folders, the stamp aside."""
    names = (set(files_below(left)) | set(files_below(right))) - {STAMP}
    return sorted(name for name in names if not same_file(left / name, right / name))


def renew(into: Path, target: Path) -> None:
    """Makes `into` the same as `target` by touching only what differs, so that little is compiled again.

    Each file is replaced in one step, since another build may be reading the folder.
    """
    wanted = set(files_below(target))
    changed = differences(target, into)
    for name in changed:
        if name not in wanted:
            (into / name).unlink()
    for folder, _, _ in os.walk(into, topdown=False):
        if not os.listdir(folder):
            os.rmdir(folder)
    for name in changed:
        if name in wanted:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            os.utime(target / name, follow_symlinks=False)
            (target / name).replace(into / name)


def make(lock: Lock, patches: Sequence[Path], into: Path) -> None:
    """Makes or renews `into`. The caller holds the lock."""
    for left_over in into.parent.glob(f".{into.name}.new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    stamp = wanted_stamp(lock, patches)
    with tempfile.TemporaryDirectory(prefix=f".{into.name}.new-", dir=into.parent) as folder:
        work = Path(folder)
        target = work / "llama.cpp"
        kind = obtain(lock, target, work)
        apply_patches(patches, target)
        if not into.is_dir() or not any(into.iterdir()):
            write_stamp(target, stamp)
            target.replace(into)
        else:
            if read_stamp(into) is None and differences(target, into):
                raise Failure(f"{into} holds something that this script did not put there; remove it")
            write_stamp(into, {"unfinished": True})
            renew(into, target)
            write_stamp(into, stamp)
    say(f"llama.cpp {lock.tag} (from: {kind}) with {len(patches)} patches lies in {into}")


def verify(lock: Lock, patches: Sequence[Path], into: Path) -> None:
    """Raises WrongHash unless `into` is, file by file, the pinned tree with the patches."""
    with tempfile.TemporaryDirectory(prefix="gpt4all-verify-") as folder:
        target = Path(folder) / "llama.cpp"
        obtain(lock, target, Path(folder))
        apply_patches(patches, target)
        names = differences(target, into)
    if names:
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise WrongHash(f"{into} is not llama.cpp {lock.tag} with our patches; {len(names)} files differ: {shown}")
    say(f"{into} is llama.cpp {lock.tag}, tree {lock.tree}, with {len(patches)} patches, file by file")


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "llama.cpp", help="the folder to make")
    parser.add_argument("--lock", type=Path, default=ROOT / "gpt4all-backend" / "llama.cpp.lock")
    parser.add_argument("--patches", type=Path, default=ROOT / "gpt4all-backend" / "patches", help="folder of patches")
    parser.add_argument("--print-tree", action="store_true", help="print the pinned tree hash and do nothing else")
    parser.add_argument("--verify", action="store_true", help="compare --into with the pinned source, file by file")
    arguments = parser.parse_args()
    lock = Lock.read(arguments.lock)
    if arguments.print_tree:
        print(lock.tree)
        return 0
    into = arguments.into.resolve()
    patches = sorted(path.resolve() for path in arguments.patches.glob("*.patch"))
    if arguments.verify:
        verify(lock, patches, into)
        return 0
    if read_stamp(into) == wanted_stamp(lock, patches):
        return 0
    with file_lock(into.with_name(f".{into.name}.lock"), "llama.cpp"):
        if read_stamp(into) != wanted_stamp(lock, patches):
            make(lock, patches, into)
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.fetch.llama_cpp", main))
