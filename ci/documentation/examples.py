"""The same example in other languages, as tabs beside Python's.

Python's examples stand in the pages themselves. Each has `<!-- example: NAME -->` before it, and is shown with a tab
for each language, whose program for the page, in docs/examples/, has a section of that name:

    // example: NAME
    …
    // end of example

Where a section is in several pieces, such as an import and what needs it, they are shown as one. The programs are
whole, and the lanes of the languages run them.

What a language cannot show is left out with the reason, as in `<!-- example: NAME (Python only: why) -->` or
`<!-- example: NAME (not Go, Java: why) -->`. An example that is not run needs no name.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ci.common import ROOT

EXAMPLES = ROOT / "docs" / "examples"

PYTHONS_OWN = {"compatibility"}  # pages that are of no use in other languages

_MARK = r"^<!-- example: ([\w-]+)(?: \((Python only|not [^:\n]+): [^\n]+\))? -->$"
_MARKER = re.compile(_MARK, re.MULTILINE)
_PYTHON = re.compile(_MARK + r"\n+((?:<!-- not run: [^\n]+ -->\n+)?```python\n.*?^```$)", re.M | re.S)
_FENCE = re.compile(r"^((?:<!-- not run: [^\n]+ -->\n+)?)```python$", re.MULTILINE)
_BEGIN = re.compile(r"^\s*// example: ([\w-]+)$")
_END = re.compile(r"^\s*// end of example$")
_GO_IMPORT = re.compile(r'^(?:\w+ )?"([^"]+)"$')


def go_section(text: str) -> str:
    """A section of a Go program as a reader needs it: lines from within its import (…) are written as an import."""
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if line and not _GO_IMPORT.match(line)), len(lines))
    imports = [(match[1], line) for line in lines[:end] if (match := _GO_IMPORT.match(line))]
    if not imports:
        return text
    standard = sorted(line for path, line in imports if "." not in path.partition("/")[0])
    others = sorted(line for _, line in imports if line not in standard)
    block = "\n\n".join(textwrap.indent("\n".join(group), "\t") for group in (standard, others) if group)
    shown = f"import (\n{block}\n)" if len(imports) > 1 else f"import {imports[0][1]}"
    return "\n".join([shown, "", *lines[end:]])


@dataclass(frozen=True)
class Language:
    """A language beside Python.

    fence: its name in Markdown. file: where its program for a page lies. shown: how a section is shown.
    """

    title: str
    fence: str
    file: str
    shown: Callable[[str], str] = str

    def program(self, page: str, folder: Path = EXAMPLES) -> Path:
        """Its program for a page, such as "quickstart"."""
        return folder / self.file.format(page=page, Page="".join(part.capitalize() for part in page.split("-")))


LANGUAGES = (
    Language("TypeScript", "typescript", "typescript/{page}.ts"),
    Language("Go", "go", "golang/{page}/main.go", go_section),
    Language("Java", "java", "java/{Page}.java"),
)


def sections(text: str) -> dict[str, str]:
    """The sections of a program, without the indentation that they share. Raises ValueError for one without an end."""
    found: dict[str, str] = {}
    name, lines = "", list[str]()
    for line in text.splitlines():
        if begin := _BEGIN.match(line):
            if name:
                raise ValueError(f"the example {begin[1]!r} begins before {name!r} has ended")
            name, lines = begin[1], []
        elif _END.match(line):
            if not name:
                raise ValueError("an example ends that has not begun")
            piece = textwrap.dedent("\n".join(lines)).strip("\n")
            found[name] = f"{found[name]}\n\n{piece}" if name in found else piece
            name = ""
        elif name:
            lines.append(line)
    if name:
        raise ValueError(f"the example {name!r} has no end")
    return found


def names(markdown: str) -> dict[str, set[str]]:
    """A page's examples by name, each with the titles of the languages that are to show it. Raises ValueError."""
    found: dict[str, set[str]] = {}
    for match in _MARKER.finditer(markdown):
        if match[1] in found:
            raise ValueError(f"there are two examples {match[1]!r}")
        titles = {each.title for each in LANGUAGES}
        without = set((match[2] or "").removeprefix("not ").split(", ")) - {""}
        if without == {"Python only"}:
            without = titles
        if not without <= titles:
            raise ValueError(f"the example {match[1]!r} is left out for a language that is none: {without - titles}")
        found[match[1]] = titles - without
    return found


def with_tabs(markdown: str, page: str, folder: Path = EXAMPLES) -> str:
    """A page's Markdown, in which examples of several languages are tabs."""
    programs = [(each, each.program(page, folder)) for each in LANGUAGES]
    texts = [(each, sections(path.read_text(encoding="utf-8"))) for each, path in programs if path.is_file()]

    def tabs(match: re.Match[str]) -> str:
        fences = [("Python", match[3])]
        fences += [
            (each.title, f"```{each.fence}\n{each.shown(found[match[1]])}\n```")
            for each, found in texts
            if match[1] in found
        ]
        if len(fences) == 1:
            return match[3]
        shown = "\n\n".join(f'=== "{title}"\n\n{textwrap.indent(fence, "    ")}' for title, fence in fences)
        return shown.replace("===", "===!", 1)  # a new set of tabs, even right after another

    return _PYTHON.sub(tabs, markdown)


def wrong_examples(docs: Path = ROOT / "docs") -> Iterator[str]:
    """What is wrong with the pages' examples and their programs in other languages."""
    expected: set[Path] = set()
    for markdown in sorted(docs.glob("*.md")):
        programs = {each.title: each.program(markdown.stem, docs / "examples") for each in LANGUAGES}
        expected |= set(programs.values())
        text = markdown.read_text(encoding="utf-8")
        try:
            wanted = names(text)
        except ValueError as error:
            yield f"docs/{markdown.name}: {error}"
            continue
        if len(wanted) != len(_PYTHON.findall(text)):
            yield f"docs/{markdown.name}: each <!-- example: NAME --> needs Python behind it"
        if markdown.stem not in PYTHONS_OWN:
            yield from _without_a_name(markdown.name, text)
        for title, path in programs.items():
            yield from _wrong_program(path, docs, [name for name, titles in wanted.items() if title in titles])
    for suffix in (PurePosixPath(each.file).suffix for each in LANGUAGES):
        for path in sorted((docs / "examples").rglob(f"*{suffix}")):
            if path not in expected:
                yield f"{_shown(path, docs)} belongs to no page"


def _without_a_name(page: str, markdown: str) -> Iterator[str]:
    named = {match.end() for match in _PYTHON.finditer(markdown)}
    for match in _FENCE.finditer(markdown):
        end = markdown.find("\n```", match.end()) + len("\n```")
        if not match[1] and end not in named:
            line = markdown.count("\n", 0, match.start()) + 1
            yield f"docs/{page}:{line}: this example has no <!-- example: NAME -->, by which other languages show it"


def _wrong_program(path: Path, docs: Path, wanted: list[str]) -> Iterator[str]:
    try:
        found = sections(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        yield f"{_shown(path, docs)}: {error}"
        return
    for name in wanted:
        if name not in found:
            yield f"{_shown(path, docs)} has no example {name!r}, which the page has"
    for name in found:
        if name not in wanted:
            yield f"{_shown(path, docs)}: no <!-- example: {name} --> on the page is for this language"


def _shown(path: Path, docs: Path) -> str:
    return f"docs/{path.relative_to(docs).as_posix()}"
