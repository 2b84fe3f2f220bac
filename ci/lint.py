"""Formatting and static checks of everything that is ours; `--fix` rewrites what can be rewritten."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci.common import BUILD, ROOT, Failure, cache_root, run_main, say
from ci.setup import ensure_tools, ensure_venv
from ci.steps import Line
from ci.testing.reports import Outcome

LARGEST_FILE = 4_000_000
CLANG_FORMAT, CLANG_TIDY = "clang-format-14", "clang-tidy-14"
FORMATS = ("file sizes", "ruff check", "ruff format", "mypy --strict", "clang-format")


def our_files(*patterns: str) -> list[str]:
    """Files of the repository, committed or new, but not ignored, that match one of git's patterns."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()})


def native_files() -> list[str]:
    """Our C and C++ files."""
    return our_files("*.h", "*.hpp", "*.c", "*.cpp")


def python_groups() -> dict[str, list[str]]:
    """Our Python files by the nearest folder above them that has a pyproject.toml or mypy.ini, or by their own."""
    groups: dict[str, list[str]] = {}
    for name in our_files("*.py"):
        above = [folder for folder in Path(name).parents if folder != Path(".")]
        marks = ("pyproject.toml", "mypy.ini")
        own = next((f for f in above if any((ROOT / f / mark).is_file() for mark in marks)), Path(name).parent)
        groups.setdefault(str(own), []).append(name)
    return groups


def output_of(command: Sequence[str]) -> str:
    """What a command says if it fails; nothing if it succeeds."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    return (done.stdout + done.stderr).strip() or f"exit code {done.returncode}" if done.returncode else ""


def check_sizes() -> str:
    """No file may be so large that a clone becomes slow."""
    sizes = ((name, (ROOT / name).stat().st_size) for name in our_files())
    return "\n".join(f"{name} has {size:,} bytes, over 4 MB" for name, size in sizes if size > LARGEST_FILE)


def check_clang_format() -> str:
    """.clang-format, as Debian 12's clang-format-14 reads it."""
    names = native_files()
    return output_of([CLANG_FORMAT, "--dry-run", "-Werror", *names]) if names else "there is no C or C++ file"


def _tidy_one(entry: dict[str, str], seed: bytes) -> str:
    source = Path(entry["file"])
    compilation = entry["command"].replace(str(ROOT), "")  # the same for every clone
    digest = hashlib.sha256(seed + compilation.encode() + source.read_bytes()).hexdigest()
    done = cache_root() / "clang-tidy" / digest
    if done.exists():
        return ""
    # gcc's options that clang 14 does not know are of no interest here
    command = [CLANG_TIDY, "--quiet", "-p", str(BUILD / "tidy"), "--extra-arg=-Wno-unknown-warning-option"]
    command += ["--extra-arg=-Wno-error"]  # the compiler that builds says what is an error
    process = subprocess.run(
        [*command, str(source)], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
    )
    if process.returncode:
        return (process.stdout + process.stderr).strip()
    done.parent.mkdir(parents=True, exist_ok=True)
    done.touch()
    return ""


def check_clang_tidy() -> str:
    """.clang-tidy over every source of ours that CMake knows.

    Clean results are remembered in the user's cache, for other clones too.
    """
    database = BUILD / "tidy" / "compile_commands.json"
    if not database.is_file():
        return f"{database} does not exist: `make lint` has CMake write it"
    ours = {str(ROOT / name) for name in our_files("*.c", "*.cpp")}
    entries = [entry for entry in json.loads(database.read_text()) if entry["file"] in ours]
    if not entries:
        return f"{database} names none of our sources"
    settings = our_files("*.h", "*.hpp", "*.clang-tidy", "gpt4all-backend/llama.cpp.lock")
    seed = b"".join(name.encode() + (ROOT / name).read_bytes() for name in settings)
    line = Line()
    wrong: list[str] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for number, text in enumerate(pool.map(lambda entry: _tidy_one(entry, seed), entries), 1):
            line.show(f"clang-tidy: {number} of {len(entries)} files")
            wrong += [text] if text else []
    line.clear()
    return "\n".join(wrong)


def check_mypy(python: str) -> str:
    """mypy --strict, over each group of Python files by itself."""
    wrong = []
    for folder, names in python_groups().items():
        own = (f"{folder}/mypy.ini", f"{folder}/pyproject.toml")
        config = next((path for path in own if (ROOT / path).is_file()), "ci/mypy.ini")
        options = ["--strict", "--explicit-package-bases", "--config-file", config]
        cache = BUILD / "mypy-cache" / folder.replace("/", "-")
        base = os.path.dirname(folder) if (ROOT / folder / "__init__.py").is_file() else folder  # where imports begin
        command = ["env", f"MYPYPATH={base}:{ROOT}", python, "-m", "mypy", *options, "--cache-dir", str(cache), *names]
        text = output_of(command)
        wrong += [f"{folder}: {text}"] if text else []
    return "\n".join(wrong)


def lint(only: Sequence[str] | None = None) -> Outcome:
    """Runs the checks, each counted as one test."""
    ensure_tools(["git", "clang-format", *(["clang-tidy"] if only is None or "clang-tidy" in only else [])])
    python = str(ensure_venv())
    ruff = [python, "-m", "ruff"]
    checks: dict[str, Callable[[], str]] = {
        "file sizes": check_sizes,
        "ruff check": lambda: output_of([*ruff, "check", "--quiet", "."]),
        "ruff format": lambda: output_of([*ruff, "format", "--quiet", "--diff", "."]),
        "mypy --strict": lambda: check_mypy(python),
        "clang-format": check_clang_format,
        "clang-tidy": check_clang_tidy,
    }
    outcome = Outcome()
    for name, check in checks.items():
        if only is None or name in only:
            outcome.check(name, check())
    return outcome


def fix() -> None:
    """Rewrites what formatters and ruff can put right by themselves."""
    ensure_tools(["git", "clang-format"])
    ruff = [str(ensure_venv()), "-m", "ruff"]
    for command in (
        [CLANG_FORMAT, "-i", *native_files()],
        [*ruff, "check", "--quiet", "--fix-only", "."],
        [*ruff, "format", "--quiet", "."],
    ):
        if text := output_of(command):
            raise Failure(f"{shlex.join(command[:4])} …: {text}")


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="rewrite instead of complaining")
    parser.add_argument("--only", help="checks to run, separated by commas")
    arguments = parser.parse_args()
    if arguments.fix:
        fix()
        return 0
    outcome = lint(arguments.only.split(",") if arguments.only else None)
    for name, text in outcome.failed:
        say(f"{name}:\n{text}\n")
    say(str(outcome))
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(run_main("ci.lint", main))
