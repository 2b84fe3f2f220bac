#!/usr/bin/env python3
"""Whether the texts of llama.cpp's that our code looks for are in its source: check_llama_texts.py TEXTS_H LLAMA_CPP.

Prints each that is not, and exits with 1 if there is one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

DECLARATION = re.compile(r'\bLlamaText\b[^{};]*\{\s*"((?:[^"\\]|\\.)*)"\s*,\s*"([^"]+)"\s*\}')
ANY = re.compile(r"\bLlamaText\b(?! \{|>)")


def declared(header: str) -> list[tuple[str, str]]:
    """Each text that the header declares, as it is written there, and the file that is to have it."""
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", header, flags=re.DOTALL)
    found = DECLARATION.findall(code)
    if len(found) != len(ANY.findall(code)):
        raise ValueError("the header declares a LlamaText otherwise than as {text, file}, so that it cannot be checked")
    return found


def missing(header: str, llama_cpp: Path) -> Iterator[str]:
    """What the source does not have, in words."""
    for text, name in declared(header):
        path = llama_cpp / name
        if not path.is_file():
            yield f'llama.cpp has no {name}, in which "{text}" is looked for'
        elif text not in path.read_text(encoding="utf-8", errors="replace"):
            yield f'{name} of llama.cpp no longer has "{text}"'


def main() -> int:
    """Reads the command line."""
    header, llama_cpp = sys.argv[1:]
    found = list(missing(Path(header).read_text(encoding="utf-8"), Path(llama_cpp)))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
