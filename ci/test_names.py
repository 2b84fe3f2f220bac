"""Compares the tests of two runs by name: `python3 -m ci.test_names BEFORE AFTER`.

BEFORE and AFTER are folders of JUnit reports, as `make test` leaves them in build/reports. Says which tests are lost,
which no longer pass, and which are new. A test is lost only if no line of a file given with --renamed says where it
went; such a line is one of

    old name -> new name
    old name -> gone: why

Names are "lane: class::name" as this program prints them; without "lane: " they are of any lane, and a path such as
tests/test_x.py::test_a is understood too. A name that ends in "*" stands for all that begin so, on both sides.

Exit codes: 0 nothing is lost, 1 something is.
"""

from __future__ import annotations

import argparse
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GONE = "gone:"

# What ctest adds to the name of a parametrised test of googletest: it has addresses in it, other ones in every build.
_PARAMETER = re.compile(r"\s+# GetParam\(\) = .*", re.DOTALL)


def result_of(case: ElementTree.Element) -> str:
    """passed, skipped or failed, of one test in a report."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def read_reports(folder: Path) -> dict[str, str]:
    """The result of each test in a folder of JUnit reports, by name."""
    found: dict[str, str] = {}
    for report in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            group, name = (_PARAMETER.sub("", case.get(key, "?")) for key in ("classname", "name"))
            full = f"{report.stem}: {name if group in ('', name) else f'{group}::{name}'}"
            found[full] = result_of(case)
    if not found:
        raise SystemExit(f"{folder} has no JUnit report with a test in it")
    return found


def plain(name: str) -> str:
    """A test's name as reports have it: a path of a Python file becomes a module."""
    return re.sub(r"\S+?\.py(?=::)", lambda path: path[0].removesuffix(".py").replace("/", "."), name.strip("` \t"))


@dataclass(frozen=True)
class Renaming:
    """One line of a list of renamings."""

    old: str
    new: str

    @staticmethod
    def read(path: Path) -> list[Renaming]:
        """The lines of a file that rename something; the others are prose."""
        rows = (line.partition(" -> ") for line in path.read_text(encoding="utf-8").splitlines())
        return [Renaming(plain(old), plain(new)) for old, arrow, new in rows if arrow and not old.startswith("#")]

    def apply(self, name: str) -> str | None:
        """The new name of a test that this line is for, "gone: …", or None if it is for another."""
        lane, _, test = name.partition(": ")
        for whole, prefix in ((name, ""), (test, f"{lane}: ")):
            if self.old.endswith("*") and whole.startswith(self.old[:-1]):
                rest = whole[len(self.old) - 1 :] if self.new.endswith("*") else ""
            elif whole == self.old:
                rest = ""
            else:
                continue
            if self.new.startswith(GONE):
                return self.new
            new = self.new.removesuffix("*") + rest
            return new if re.match(r"[\w-]+: ", new) else prefix + new
        return None


@dataclass
class Comparison:
    """What became of the tests."""

    lost: list[str] = field(default_factory=list)
    worse: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


def compare(before: Mapping[str, str], after: Mapping[str, str], renamings: Sequence[Renaming]) -> Comparison:
    """Finds each test of `before` in `after`, by its own name or the one that it was given."""
    outcome = Comparison()
    met = set()
    for old, result in sorted(before.items()):
        new = old
        if old not in after:
            told = next((to for each in renamings if (to := each.apply(old))), None)
            if told and told.startswith(GONE):
                outcome.gone.append(f"{old}: {told.removeprefix(GONE).strip()}")
                continue
            if told is None or told not in after:
                outcome.lost.append(old + (f" (said to be {told}, which is not there)" if told else ""))
                continue
            outcome.renamed.append(f"{old} -> {told}")
            new = told
        met.add(new)
        if result == "passed" and after[new] != "passed":
            outcome.worse.append(f"{new}: {after[new]}")
    outcome.new = sorted(set(after) - met)
    return outcome


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument(
        "--renamed", type=Path, action="append", default=[], help="a list of renamings; may be repeated"
    )
    parser.add_argument("--quiet", action="store_true", help="count renamed and new tests instead of listing them")
    arguments = parser.parse_args()
    before, after = read_reports(arguments.before), read_reports(arguments.after)
    found = compare(before, after, [each for path in arguments.renamed for each in Renaming.read(path)])
    for title, names in (("renamed", found.renamed), ("new", found.new)):
        for name in [] if arguments.quiet else names:
            print(f"{title}: {name}")
    for title, names in (("gone", found.gone), ("no longer passes", found.worse), ("lost", found.lost)):
        for name in names:
            print(f"{title}: {name}")
    print(
        f"{len(before)} tests before, {len(after)} after: {len(found.lost)} lost, {len(found.worse)} no longer pass, "
        f"{len(found.gone)} gone for a reason, {len(found.renamed)} renamed, {len(found.new)} new"
    )
    return 1 if found.lost or found.worse else 0


if __name__ == "__main__":
    sys.exit(main())
