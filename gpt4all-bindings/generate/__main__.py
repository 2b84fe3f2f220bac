"""python -m generate: writes, checks or shows what is made from llmodel.h and llmodel.schema.json."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from generate.build import ROOT, describe
from generate.compare import differences as declared_differences
from generate.declarations import Header
from generate.emit import EMITTERS, differences, emit_all, emitters, has_home, strays, write


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m generate", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="change nothing; show what differs and exit with 1")
    what.add_argument("--dump", action="store_true", help="print the description as JSON")
    what.add_argument("--compare", metavar="FILE", type=Path, help="compare what a binding declares with the header")
    parser.add_argument("--only", metavar="NAME", help="one emitter, by the name of its file")
    parser.add_argument("--emitters", metavar="FOLDER", type=Path, default=EMITTERS, help="take the emitters from here")
    parser.add_argument("--into", metavar="FOLDER", type=Path, help="write every file below this folder")
    given = parser.parse_args(arguments)
    try:
        description = describe()
        if given.dump:
            json.dump(description.to_json(), sys.stdout, indent=1)
            print()
            return 0
        if given.compare:
            return compare(description.header, given.compare)
        found = emitters(given.emitters)
        if given.only and given.only not in found:
            parser.error(f"there is no emitter {given.only}, but {', '.join(found)}")
        files = emit_all(description, {name: emit for name, emit in found.items() if given.only in (None, name)})
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if not given.into:
        files = {path: text for path, text in files.items() if has_home(path, ROOT)}
    root = given.into or ROOT
    if given.check:
        wrong = list(differences(files, root))
        if not given.only and given.emitters == EMITTERS and not given.into:
            wrong += [
                f"{path} says that it is generated, and no emitter gives it: remove it\n"
                for path in strays(files, ROOT)
            ]
        print("".join(wrong), end="")
        if wrong:
            print("error: generated files are out of date; run `make generate`", file=sys.stderr)
        return 1 if wrong else 0
    for path in write(files, root):
        print(f"wrote {path}")
    return 0


def compare(header: Header, path: Path) -> int:
    """Says where the JSON in a file differs from the header. Raises ValueError if it cannot be read."""
    try:
        declared = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    wrong = list(declared_differences(header, declared))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
