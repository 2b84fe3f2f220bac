#!/usr/bin/env python3
"""Whether the patches to llama.cpp say what they do and why, as git format-patch writes it, and are numbered in order.

Prints what is wrong as file: reason, and exits with 1 if anything is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

PATCHES = Path(__file__).resolve().parent.parent / "patches"
NAME = re.compile(r"([0-9]{4})-[a-z0-9-]+\.patch")
ROW = re.compile(r"^\| ([0-9]{4}) \|", re.MULTILINE)
END_OF_MESSAGE = re.compile(r"\n(?=---\n|diff --git )")
LONGEST_LINE = 72


def faults(text: str) -> Iterator[str]:
    """What is wrong with a patch's message."""
    message = message_from_string(text)
    for header in ("From", "Date", "Subject"):
        if not message[header]:
            yield f"it has no line {header}:"
    subject = re.sub(r"^\[PATCH\] ", "", message["Subject"] or "")
    if subject and len(subject) > LONGEST_LINE:
        yield f"its subject has {len(subject)} characters, over {LONGEST_LINE}"
    payload = message.get_payload()
    parts = END_OF_MESSAGE.split("\n" + payload if isinstance(payload, str) else "", maxsplit=1)
    if len(parts) == 1:
        yield "it has no changes"
    body = parts[0]
    if not body.strip():
        yield "it does not say why: its message has no body"
    elif any(len(row) > LONGEST_LINE for row in body.splitlines()):
        yield f"a line of its message has over {LONGEST_LINE} characters"


def series_faults(names: list[str], readme: str) -> Iterator[str]:
    """What is wrong with the patches' numbers, and with the list of them."""
    numbers = [match[1] if (match := NAME.fullmatch(name)) else "" for name in names]
    if numbers != [f"{number:04}" for number in range(1, len(names) + 1)]:
        yield "the names must be NNNN-what-it-does.patch, numbered from 0001 without a gap"
    if ROW.findall(readme) != numbers:
        yield "README.md must list each patch once, in order"


def main() -> int:
    """Checks the patches of the backend."""
    files = sorted(PATCHES.glob("*.patch"))
    found = [f"{path.name}: {fault}" for path in files for fault in faults(path.read_text(encoding="utf-8"))]
    readme = (PATCHES / "README.md").read_text(encoding="utf-8")
    found += [f"{PATCHES.name}: {fault}" for fault in series_faults([path.name for path in files], readme)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
