"""Writes files of 2023 with a tiny model in them, such as the seeds of the fuzzers.

Usage: python -m corpus_tools.legacy.write FOLDER [VARIANT [TYPE]]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .tensors import Types
from .variants import VARIANTS, model_for


def main() -> int:
    """Each variant of each type becomes FOLDER/VARIANT-TYPE.bin."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("variant", nargs="?", choices=[variant.name for variant in VARIANTS])
    parser.add_argument("type", nargs="?", help="such as Q4_0")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        if arguments.variant not in (None, variant.name):
            continue
        for kind in variant.types:
            if arguments.type in (None, kind.name):
                path = arguments.folder / f"{variant.name}-{kind.name}.bin"
                for part in variant.write(path, model_for(variant, kind), Types(kind)):
                    print(part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
