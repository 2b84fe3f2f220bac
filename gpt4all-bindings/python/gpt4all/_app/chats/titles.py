"""Titles from the first words of a chat: no model is asked, so that none is kept busy."""

from __future__ import annotations

import re

UNTITLED = "New chat"
CHARACTERS = 48
# Marks of Markdown, and what else says nothing at the beginning of a line.
_STOPS = " ,;:.-\u2013\u2014"
_MARKS = re.compile(r"^[\s#>*`~_\-+|=]+|[`*_~]+")


def title_of(text: str) -> str:
    """The first words of a text, on one line."""
    line = next((clean for part in text.splitlines() if (clean := " ".join(_MARKS.sub(" ", part).split()))), "")
    if not line:
        return UNTITLED
    if len(line) <= CHARACTERS:
        return line
    head = line[:CHARACTERS].rstrip()
    # At a blank, where the script has some.
    whole = head.rsplit(" ", 1)[0] if " " in head[CHARACTERS // 2 :] and not line[CHARACTERS].isspace() else head
    return f"{whole.rstrip(_STOPS)}…"
