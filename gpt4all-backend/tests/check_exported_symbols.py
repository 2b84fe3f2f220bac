"""Checks that a shared library exports the functions its header declares, and nothing else.

Usage: check_exported_symbols.py LIBRARY HEADER [NM]
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def declared(header: Path) -> set[str]:
    text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return set(re.findall(r"\bLLMODEL_API\b[^;(]*?(\w+)\s*\(", text))


def exported(library: Path, nm: str) -> set[str]:
    command = [nm, "-D", "--defined-only", "--format=posix", str(library)]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {line.split()[0].split("@")[0] for line in listing.splitlines() if line.strip()}


def main() -> int:
    library, header = Path(sys.argv[1]), Path(sys.argv[2])
    names, symbols = declared(header), exported(library, sys.argv[3] if len(sys.argv) > 3 else "nm")
    if not names:
        print(f"{header}: no declarations found")
        return 1
    for name in sorted(names - symbols):
        print(f"{library}: does not export {name}, which {header.name} declares")
    for name in sorted(symbols - names):
        print(f"{library}: exports {name}, which {header.name} does not declare")
    print(f"{len(names)} declared, {len(symbols)} exported")
    return int(names != symbols)


if __name__ == "__main__":
    sys.exit(main())
