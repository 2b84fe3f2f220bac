"""`make docs`: checks what the documentation says against what is there.

Links between the Markdown files lead somewhere; make targets and folders that are named exist; C programs
compile; the version and the tag of llama.cpp in the README are those of VERSION and of the lock file; examples in other
languages belong to a page's.

Links are checked by 20 lines of our own because lychee, which finds the same, is a package of 317 MB.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

from ci.common import ROOT, run_main, say
from ci.documentation.examples import wrong_examples
from ci.files import our_files
from ci.testing.reports import Outcome

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
TARGET = re.compile(r"`make ([a-z-]+)")
NAMED = re.compile(r"`((?:\.devcontainer|\.github|ci|docs|gpt4all-[a-z]+)/[\w./-]*)`")


def anchors(text: str) -> set[str]:
    """The anchors that headings get, as the usual renderers make them."""
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str) -> str:
    """Markdown less its blocks of code, in which brackets are no links."""
    return re.sub(r"^( *)(```|~~~).*?^\1\2$", "", text, flags=re.MULTILINE | re.DOTALL)


def broken_links(name: str) -> list[str]:
    """Links of one file that lead nowhere in the repository; links out of it are not followed."""
    text = without_code((ROOT / name).read_text(encoding="utf-8"))
    wrong = []
    for match in LINK.finditer(text):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists():
            wrong.append(f"{name}: {link} does not exist")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            wrong.append(f"{name}: {link} names a heading that is not there")
    return wrong


def missing_names(name: str, targets: set[str]) -> list[str]:
    """Make targets and paths that a file names and that do not exist."""
    text = (ROOT / name).read_text(encoding="utf-8")
    wrong = [f"{name}: `make {target}` does not exist" for target in TARGET.findall(text) if target not in targets]
    return wrong + [f"{name}: {path} does not exist" for path in NAMED.findall(text) if not (ROOT / path).exists()]


def check_versions() -> list[str]:
    """The README's table of versions has a line for this version with the lock file's tag."""
    version = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
    tag = json.loads((ROOT / "gpt4all-backend" / "llama.cpp.lock").read_text(encoding="utf-8"))["tag"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    row = re.compile(rf"^\| *{re.escape(version)}\b.*\b{re.escape(tag)}\b", re.MULTILINE)
    return [] if row.search(text) else [f"README.md has no row with GPT4All {version} and llama.cpp {tag}"]


def programs(name: str) -> list[str]:
    """The complete C programs that a file shows."""
    blocks = re.findall(r"^```c\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "int main(" in block]


def compile_errors(program: str) -> str:
    """What the C compiler objects to in a program, as strict C11 with our header."""
    command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c", "-"]
    command += ["-I", str(ROOT / "gpt4all-backend" / "include")]
    return subprocess.run(command, input=program, capture_output=True, text=True, check=False).stderr


def check() -> Outcome:
    """Each file, and the versions, counts as one check."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    outcome = Outcome()
    for name in our_files("*.md"):
        outcome.check(name, "\n".join(broken_links(name) + missing_names(name, targets)))
        for program in programs(name):
            outcome.check(f"{name}: C program", compile_errors(program))
    outcome.check("versions", "\n".join(check_versions()))
    outcome.check("examples of several languages", "\n".join(wrong_examples()))
    return outcome


def main() -> int:
    """Says what is wrong."""
    outcome = check()
    for _, text in outcome.failed:
        say(text)
    say(str(outcome))
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(run_main("make docs", main))
