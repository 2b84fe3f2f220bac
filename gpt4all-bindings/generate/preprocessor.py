"""Reduces llmodel.h to declarations that a C parser takes. Refuses what it does not know rather than skip it.

Nothing moves: what goes is replaced by spaces, so that places remain those of the header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

EXPORT = "LLMODEL_API"
HEADERS = ("stddef.h", "stdint.h")

_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*|/\*', re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w*)[ \t]*([^\n]*)$", re.MULTILINE)


class HeaderError(ValueError):
    """llmodel.h has something that the generators do not understand. Says in which line."""


def line_of(text: str, offset: int) -> int:
    """The line, from 1, of a place in a text."""
    return text.count("\n", 0, offset) + 1


@dataclass(frozen=True)
class Comment:
    """A documentation comment."""

    start: int
    end: int
    text: str
    trailing: bool  # belongs to what stands before it


@dataclass
class Reduced:
    """The declarations, and what was taken out of the header."""

    text: str = ""
    comments: list[Comment] = field(default_factory=list)
    exported: set[int] = field(default_factory=set)  # where the export macro stands
    macros: dict[int, tuple[str, int]] = field(default_factory=dict)  # by place: name and value
    guard: int = -1  # where the include guard begins


def reduce(header: str) -> Reduced:
    """Takes comments, preprocessor lines, what is meant for C++ alone, and the export macro out of a header."""
    found = Reduced()
    text = _without_comments(header, found)
    text = _without_directives(text, found)
    for match in re.finditer(rf"\b{EXPORT}\b", text):
        found.exported.add(match.start())
    found.text = re.sub(rf"\b{EXPORT}\b", lambda match: " " * len(match[0]), text)
    return found


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _without_comments(header: str, found: Reduced) -> str:
    def replace(match: re.Match[str]) -> str:
        token = match[0]
        if token == "/*":
            raise HeaderError(f"line {line_of(header, match.start())}: a comment does not end")
        if token[0] in "\"'":
            return token
        if re.match(r"//[/!]|/\*!|/\*\*\*", token) and token.strip("/*"):
            raise HeaderError(f"line {line_of(header, match.start())}: documentation is written /** … */ or /**< … */")
        if token.startswith("/**") and len(token) > 4:
            trailing = token.startswith("/**<")
            content = plain(token[4 if trailing else 3 : -2])
            found.comments.append(Comment(match.start(), match.end(), content, trailing))
        return _blank(token)

    return _TOKEN.sub(replace, header)


def plain(comment: str) -> str:
    """A comment's text: paragraphs and the items of lists on one line each, with an empty line between."""
    lines = [re.sub(r"^[ \t]*\*?[ \t]?", "", line).strip() for line in comment.strip().splitlines()]
    paragraphs = re.split(r"\n{2,}|\n(?=- )", "\n".join(lines).strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _without_directives(text: str, found: Reduced) -> str:
    """Follows the conditions for a C compiler on something else than Windows."""
    defined: set[str] = set()
    open_: list[tuple[bool, bool, int]] = []  # whether this branch counts, whether #else was seen, the line
    result: list[str] = []
    place = 0

    def keep(until: int) -> None:
        piece = text[place:until]
        result.append(piece if all(active for active, _, _ in open_) else _blank(piece))

    for match in _DIRECTIVE.finditer(text):
        keep(match.start())
        place = match.end()
        result.append(_blank(match[0]))
        word, rest, line = match[1], match[2].strip(), line_of(text, match.start())
        if match[0].rstrip().endswith("\\"):
            raise HeaderError(f"line {line}: a preprocessor line that goes on in the next is not understood")
        if word in ("if", "ifdef", "ifndef"):
            name = re.fullmatch(r"defined\s*\(\s*(\w+)\s*\)" if word == "if" else r"(\w+)", rest)
            if name is None:
                raise HeaderError(f"line {line}: #{word} {rest}: only names that are defined or not are understood")
            if found.guard < 0:
                found.guard = match.start()
            open_.append(((name[1] in defined) != (word == "ifndef"), False, line))
        elif word == "else" and open_ and not open_[-1][1]:
            active, _, begun = open_.pop()
            open_.append((not active, True, begun))
        elif word == "endif" and open_:
            open_.pop()
        elif word in ("else", "elif", "endif"):
            raise HeaderError(f"line {line}: #{word} is not understood here")
        elif not all(active for active, _, _ in open_):
            continue
        elif word == "define":
            defined.add(_define(found, match, line))
        elif word != "include" or rest not in {f"<{name}>" for name in HEADERS}:
            raise HeaderError(f"line {line}: #{word} {rest} is not understood")
    keep(len(text))
    if open_:
        raise HeaderError(f"line {open_[-1][2]}: a condition has no #endif")
    return "".join(result)


def _define(found: Reduced, match: re.Match[str], line: int) -> str:
    name, _, value = match[2].strip().partition(" ")
    if re.fullmatch(r"\d+", value.strip()):
        found.macros[match.start()] = (name, int(value))
    elif name != EXPORT and (value or not name.endswith("_H")):
        raise HeaderError(f"line {line}: the macro {name} stands for something else than a plain number")
    return name
