"""clang-tidy, over all of our sources or those that a change concerns."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci.common import BUILD, ROOT, cache_root
from ci.files import our_files
from ci.steps import Line, end_all, run_captured

CLANG_TIDY = "clang-tidy-14"
BASE = "GPT4ALL_BASE"  # the environment variable that names the commit before a change
MOST_SOURCES = 12  # that are looked at for one change, those changed last: two minutes on two cores
COMMITS = 20  # that count as the change on a main branch without a tag


def with_headers(source: str, headers: Collection[str]) -> list[str]:
    """A source, and our headers that it may include, directly or not: whichever end in a name that is included."""
    found = {source: None}
    waiting = [source]
    while waiting:
        text = (ROOT / waiting.pop()).read_text(encoding="utf-8", errors="replace")
        for name in re.findall(r'^\s*#\s*include\s*["<](?:\.{1,2}/)*([^">]+)', text, re.MULTILINE):
            new = [each for each in headers if each not in found and f"/{each}".endswith(f"/{name}")]
            found |= dict.fromkeys(new)
            waiting += new
    return list(found)


def _tidy_one(entry: dict[str, str], seed: bytes, headers: Collection[str]) -> str:
    source = Path(entry["file"])
    compilation = entry["command"].replace(str(ROOT), "")  # the same for every clone
    read = with_headers(os.path.relpath(source, ROOT), headers)
    contents = b"".join(name.encode() + (ROOT / name).read_bytes() for name in read)
    digest = hashlib.sha256(seed + compilation.encode() + contents).hexdigest()
    done = cache_root() / "clang-tidy" / digest
    if done.exists():
        return ""
    # gcc's options that clang 14 does not know are of no interest here
    command = [CLANG_TIDY, "--quiet", "-p", str(BUILD / "tidy"), "--extra-arg=-Wno-unknown-warning-option"]
    command += ["--extra-arg=-Wno-error"]  # the compiler that builds says what is an error
    code, output = run_captured([*command, str(source)], ROOT)
    if code:
        return output.strip()
    done.parent.mkdir(parents=True, exist_ok=True)
    done.touch()
    return ""


def check_clang_tidy(only: Collection[str] | None = None) -> str:
    """.clang-tidy over every source of ours that CMake knows, or those of `only` among them.

    Clean results are remembered in the user's cache, for other clones too.
    """
    database = BUILD / "tidy" / "compile_commands.json"
    if not database.is_file():
        return f"{database} does not exist: `make lint` and `make test LANES=tidy-changed` have CMake write it"
    ours = {str(ROOT / name) for name in our_files("*.c", "*.cpp")}
    entries = [entry for entry in json.loads(database.read_text()) if entry["file"] in ours]
    if not entries:
        return f"{database} names none of our sources"
    entries = [entry for entry in entries if only is None or os.path.relpath(entry["file"], ROOT) in only]
    headers = our_files("*.h", "*.hpp", "*.inc")
    settings = our_files("*.clang-tidy", "gpt4all-backend/llama.cpp.lock")
    seed = b"".join(name.encode() + (ROOT / name).read_bytes() for name in settings)
    line = Line()
    wrong: list[str] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            for number, text in enumerate(pool.map(lambda entry: _tidy_one(entry, seed, headers), entries), 1):
                line.show(f"clang-tidy: {number} of {len(entries)} files")
                wrong += [text] if text else []
        except BaseException:
            end_all()  # else the pool goes through all that is left
            raise
    line.clear()
    return "\n".join(wrong)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def base_of_change() -> str:
    """The commit before the change at hand.

    That is GPT4ALL_BASE; or where this branch left main; or, on main itself, the last tag or the commit of some while
    ago, whichever is nearer.
    """
    if named := os.environ.get(BASE):
        return named
    head = _git("rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        if (left := _git("merge-base", "HEAD", main)) and left != head:
            return left
    some = _git("rev-list", f"--max-count={COMMITS + 1}", "--first-parent", "HEAD").split()[-1:]
    tag = _git("describe", "--tags", "--abbrev=0")
    near = tag and int(_git("rev-list", "--count", f"{tag}..HEAD") or COMMITS) <= COMMITS
    return tag if near else "".join(some)


def changed_files(base: str) -> list[str]:
    """Files that are there and have changed since a commit: what is not committed first, then by the newest commit."""
    changes = (
        _git("diff", "--name-only", "HEAD"),
        _git("ls-files", "--others", "--exclude-standard"),
        _git("log", "--name-only", "--format=", f"{base}..HEAD"),
    )
    names = dict.fromkeys(name for text in changes for name in text.splitlines())
    return [name for name in names if (ROOT / name).is_file()]


def _of_header(header: str, sources: Collection[str]) -> Iterator[str]:
    """A source that includes a header: the one of the same name, or else the first."""
    name = re.escape(Path(header).name)
    users = [
        each for each in sources if re.search(rf'#include ".*\b{name}"', (ROOT / each).read_text(encoding="utf-8"))
    ]
    users.sort(key=lambda each: Path(each).stem != Path(header).stem)
    yield from users[:1]


def concerned(changed: Collection[str]) -> list[str]:
    """The sources to look at: those changed, and for each header that has changed one that includes it."""
    sources = our_files("*.c", "*.cpp")
    found: dict[str, None] = {}
    for name in changed:
        if name in sources:
            found[name] = None
        elif name.endswith((".h", ".hpp")):
            found |= dict.fromkeys(_of_header(name, sources))
    return list(found)


def check_change() -> tuple[str, str]:
    """clang-tidy over the sources that the change at hand concerns: what is wrong, and a line on what was seen."""
    base = base_of_change()
    sources = concerned(changed_files(base))
    seen = sources[:MOST_SOURCES]
    told = f"{len(seen)} sources, changed since {base[:12]}"
    if len(sources) > len(seen):
        told += f" ({len(sources) - len(seen)} that changed earlier are left to `make lint`)"
    return (check_clang_tidy(seen) if seen else ""), told
