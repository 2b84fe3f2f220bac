"""`make bump TAG=v0.5.1`: the mechanical part of moving to another llama.cpp; stops where judgement is needed.

Gets the release, tries every patch, says which apply and which conflict, and which options are new. If all apply,
writes the lock file, the patches that had to be merged and the README's table, and runs `make test` for --lanes.

A conflict is left in build/bump/llama.cpp, a git checkout of the release with a commit for each patch so far. Solve it
there, `git add` and `git commit` under the patch's file name, and call this again: it goes on with the next patch. A
patch that the release has made needless is deleted from gpt4all-backend/patches instead.

The release comes from a checkout that GPT4ALL_LLAMA_CPP names, from the npm package node-llama-cpp in the version given
with --npm, or from the repository that the lock file names.

Exit codes: 0 all done, 1 something failed, 4 the release could not be fetched, 6 a patch needs judgement.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ci.common import BUILD, ROOT, BadPatch, Failure, NoNetwork, run_main, say, sha256_of
from ci.fetch.llama_cpp import ROUTINE, obtain
from ci.fetch.sources import Lock, git, why

LOCK = ROOT / "gpt4all-backend" / "llama.cpp.lock"
PATCHES = ROOT / "gpt4all-backend" / "patches"
WORK = BUILD / "bump"
TREE = WORK / "llama.cpp"
NPM_PACKAGE, NPM_BUNDLE = "node-llama-cpp", "package/llama/gitRelease.bundle"
IDENTITY = ("-c", "user.name=bump", "-c", "user.email=bump@localhost", "-c", "core.autocrlf=false")
OLD, PATCHED, NEW = "refs/bump/old", "refs/bump/patched", "refs/bump/new"
INTERFACES = ("include", "ggml/include", "common", "tools/server", "tools/mtmd")
OPTION_FILES = ("CMakeLists.txt", "ggml/CMakeLists.txt")


def _git(*arguments: str) -> str:
    return git(*IDENTITY, *arguments, cwd=TREE)


def _tries(*arguments: str) -> bool:
    try:
        _git(*arguments)
    except subprocess.CalledProcessError:
        return False
    return True


def npm_bundle(version: str) -> tuple[Path, str]:
    """The git bundle in an npm package, and the release that the package says it is."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{NPM_PACKAGE}@{version}"]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=900)
        except (subprocess.SubprocessError, OSError) as error:
            raise NoNetwork(why(error)) from error
        [archive] = Path(folder).glob("*.tgz")
        bundle = WORK / "release.bundle"
        with tarfile.open(archive) as tar:
            member, info = tar.extractfile(NPM_BUNDLE), tar.extractfile("package/llama/llama.cpp.info.json")
            assert member is not None and info is not None
            with bundle.open("wb") as out:
                shutil.copyfileobj(member, out)
            return bundle, str(json.load(info)["tag"])


def get_release(lock: Lock, tag: str, npm: str) -> list[dict[str, str]]:
    """Has the new release under NEW in the checkout; returns the lock file's sources as they are to be."""
    sources = [dict(each) for each in lock.sources]
    try:
        if npm:
            bundle, said = npm_bundle(npm)
            if said != tag:
                raise Failure(f"{NPM_PACKAGE}@{npm} has llama.cpp {said}, not {tag}")
            _git("fetch", "-q", str(bundle), f"+HEAD:{NEW}")
            for each in sources:
                if each["kind"] == "npm":
                    each |= {"version": npm, "sha256": sha256_of(bundle)}
            return sources
        here = os.environ.get("GPT4ALL_LLAMA_CPP")
        url = here or next(each["url"] for each in sources if each["kind"] == "git")
        git(*IDENTITY, "fetch", "-q", "--depth", "1", url, f"+refs/tags/{tag}:{NEW}", cwd=TREE, isolated=False)
    except subprocess.CalledProcessError as error:
        raise NoNetwork(f"llama.cpp {tag} could not be fetched: {why(error)}") from error
    return [each for each in sources if each["kind"] != "npm"]


def prepare(lock: Lock, patches: Sequence[Path], tag: str, npm: str) -> list[dict[str, str]]:
    """Makes the checkout, with the pinned release as OLD and the new one as NEW; keeps one of the same bump."""
    kept = WORK / "sources.json"
    if kept.is_file() and (told := json.loads(kept.read_text())) and told["tag"] == tag and told["npm"] == npm:
        sources: list[dict[str, str]] = told["sources"]
        return sources
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    obtain(lock, TREE, WORK)
    git("init", "-q", "-b", "old", str(TREE), cwd=WORK)
    _git("add", "-A", "-f")
    _git("commit", "-q", "--no-verify", "-m", f"llama.cpp {lock.tag}")
    _git("update-ref", OLD, "HEAD")
    for patch in patches:  # a merge has to know what each begins with
        _git("apply", "--index", "--whitespace=nowarn", str(patch))
        _git("commit", "-q", "--no-verify", "-m", patch.name)
    _git("update-ref", PATCHED, "HEAD")
    sources = get_release(lock, tag, npm)
    _git("checkout", "-q", "--force", "--detach", NEW)
    kept.write_text(json.dumps({"tag": tag, "npm": npm, "sources": sources}))
    return sources


def commits(since: str, until: str) -> dict[str, str]:
    """The commit of each patch between two, by the patch's name."""
    lines = _git("log", "--format=%s/%H", f"{since}..{until}").splitlines()
    return dict(line.rsplit("/", 1) for line in lines)


def merge(patch: Path) -> bool:
    """Merges what a patch changes of the old release; leaves the conflict in the files if it returns False."""
    return _tries("cherry-pick", "--no-commit", commits(OLD, PATCHED)[patch.name])


def apply(patch: Path) -> str:
    """Applies a patch and commits it under its name; returns how it went, or an empty text if it conflicts."""
    how = ""
    if _tries("apply", "--index", "--whitespace=nowarn", str(patch)):
        how = "applies"
    elif merge(patch):
        how = "merged"
    if how:
        _git("commit", "-q", "--no-verify", "--allow-empty", "-m", patch.name)
    return how


def conflicts() -> list[str]:
    """The files of the checkout with a conflict in them."""
    return _git("diff", "--name-only", "--diff-filter=U").splitlines()


def try_patches(patches: Sequence[Path]) -> list[Path]:
    """Applies what is not applied yet, and says how each went; returns those that conflict.

    A patch that conflicts is left out for the sake of those after it. At the end the checkout stands before the first
    one that does, with the conflict in its files.
    """
    done = commits(NEW, "HEAD")
    bad: list[Path] = []
    first = ""
    for patch in patches:
        if patch.name in done:
            continue
        if how := apply(patch):
            print(f"{how:9} {patch.name}")
            continue
        files = ", ".join(conflicts())
        print(f"{'CONFLICT':9} {patch.name}: {files}")
        bad.append(patch)
        _git("reset", "-q", "--hard")
        _git("clean", "-q", "-f", "-d")
        first = first or _git("rev-parse", "HEAD")
    if bad:
        _git("checkout", "-q", "--detach", first)
        merge(bad[0])
    return bad


def show_news() -> None:
    """What has changed of what our code uses: interfaces, and options of CMake."""
    print(f"interfaces: {_git('diff', '--shortstat', OLD, NEW, '--', *INTERFACES).strip() or 'nothing changed'}")
    for line in _git("diff", "--stat=100", OLD, NEW, "--", "include", "ggml/include").splitlines()[:-1]:
        print(f"  {line.strip()}")
    before, after = (
        {name for file in OPTION_FILES for name in re.findall(r"option\((\w+)", _git("show", f"{which}:{file}"))}
        for which in (OLD, NEW)
    )
    for title, names in (("new", after - before), ("gone", before - after)):
        print(f"CMake options that are {title}: {', '.join(sorted(names)) or 'none'}")


def renewed(patch: Path) -> str:
    """A patch with its message and the difference that its commit has."""
    text = patch.read_text(encoding="utf-8")
    message = text[: re.search(r"^diff --git", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    commit = commits(NEW, "HEAD")[patch.name]
    return message + _git("diff", "-U2", "--no-color", "--abbrev=12", f"{commit}^", commit) + "\n"


def write(lock: Lock, tag: str, sources: Sequence[dict[str, str]], patches: Sequence[Path]) -> None:
    """Writes the lock file, the patches whose difference has changed, and the README's table."""
    tree = _git("rev-parse", f"{NEW}^{{tree}}")
    new = replace(lock, version=tag.removeprefix("v"), tag=tag, tree=tree, sources=sources)
    rows = ",\n    ".join(json.dumps(each) for each in new.sources)
    head = f'  "version": "{new.version}",\n  "tag": "{new.tag}",\n  "tree": "{new.tree}",\n'
    LOCK.write_text(f'{{\n{head}  "sources": [\n    {rows}\n  ]\n}}\n', encoding="utf-8")
    for patch in patches:
        text = renewed(patch)
        if not _same_change(text, patch.read_text(encoding="utf-8")):
            patch.write_text(text, encoding="utf-8")
            print(f"renewed   {patch.name}")
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8").replace(lock.tree, tree)
    row = re.compile(rf"^(\|.*\| ){re.escape(lock.tag)}( \| `{tree}` \|)$", re.MULTILINE)
    readme.write_text(row.sub(rf"\g<1>{tag}\g<2>", text), encoding="utf-8")


def _same_change(left: str, right: str) -> bool:
    """Whether two patches differ in line numbers and object names alone."""
    return _change(left) == _change(right)


def _change(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("index ", "@@", "From ", "-- ", "diff "))]


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tag", help="the release, such as v0.5.1")
    parser.add_argument("--npm", default="", help=f"a version of the npm package {NPM_PACKAGE} that has this release")
    parser.add_argument("--lanes", default="native,python,corpus,docs", help="of make test; none if empty")
    arguments = parser.parse_args()
    if not arguments.tag:
        raise Failure("name a release: make bump TAG=v0.5.1")
    lock = Lock.read(LOCK)
    if lock.tag == arguments.tag:
        raise Failure(f"llama.cpp {lock.tag} is what {LOCK.name} pins")
    patches = sorted(PATCHES.glob("*.patch"))
    sources = prepare(lock, patches, arguments.tag, arguments.npm)
    show_news()
    if bad := try_patches(patches):
        raise BadPatch(
            f"{len(bad)} of {len(patches)} need judgement. The first, {bad[0].name}, is tried in {TREE}: solve it "
            f"there, `git add` it, `git commit -m {bad[0].name}`, and call this again; or delete a patch that is "
            f"needless. Nothing else has changed. {ROUTINE} says more."
        )
    write(lock, arguments.tag, sources, patches)
    say(f"the lock file, patches and README are now of llama.cpp {arguments.tag}; {ROUTINE} says what is left to do")
    if not arguments.lanes:
        return 0
    return subprocess.run(
        [sys.executable, "-m", "ci.test", "--lanes", arguments.lanes], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(run_main("make bump", main))
