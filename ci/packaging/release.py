"""`make release-dry-run`: everything in a release up to publishing.

Builds the packages, checks them and what is said of them, and prints what would be published and what is left to do.
Publishes nothing.

Exit codes: 0 could be published, 1 something is left to do.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ci.common import BUILD, ROOT, Failure, MissingTool, run_main, say, sha256_of
from ci.documentation.check import check_versions
from ci.files import our_files, output_of
from ci.packaging import golang, java, python, typescript
from ci.packaging.jdk import NEEDED, newest_jdk
from ci.packaging.natives import unpack_wheel
from ci.testing.reports import Outcome

LARGEST_PACKAGE = 100_000_000  # bytes; PyPI's limit for a file of a project that has not asked for more
# By the packages' names: how a file's name ends that is easily left out, and what that is.
CONTENT = {
    "gpt4all": ("gpt4all/_app/static/index.html", "the pages of the chat application, which need Node to be built"),
    "gpt4all_training": ("gpt4all_training/curate/report.html.jinja", "the template of curate's report"),
}
# Where a binding says its version, besides those that read VERSION: a pattern for each kind of file.
PLACES = {
    "*/package.json": r'^  "version": "([^"]+)"',
    "*/package-lock.json": r'^  "version": "([^"]+)"',
    "*.csproj": r"<Version>([^<]+)</Version>",
    "*/pom.xml": r"^  <version>([^<]+)</version>",
    "*/pyproject.toml": r'^version = "([^"]+)"',
    "*/library_release.json": r'^  "version": "([^"]+)"',
}


def version() -> str:
    """The version of this checkout."""
    return (ROOT / "VERSION").read_text(encoding="utf-8").strip()


def changelog() -> str:
    """What CHANGELOG.md lacks."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## \[{re.escape(version())}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE):
        return f"CHANGELOG.md has no heading '## [{version()}] - YEAR-MONTH-DAY'"
    unreleased = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    left = unreleased is not None and unreleased[1].strip()
    return "CHANGELOG.md still has something under [Unreleased]" if left else ""


def other_versions() -> str:
    """Bindings that say another version than VERSION."""
    wrong = []
    for pattern, line in PLACES.items():
        for name in our_files(f"gpt4all-bindings/{pattern}"):
            found = re.search(line, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
            if found and found[1] != version():
                wrong.append(f"{name} says {found[1]}, VERSION says {version()}")
    return "\n".join(wrong)


def working_tree() -> str:
    """What is changed and not committed: a release is what a commit has."""
    command = ["git", "status", "--porcelain"]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    return f"not committed:\n{text}" if text else ""


def tag() -> str:
    """Whether the version's tag is free, or of this very commit."""
    command = ["git", "rev-parse", "--verify", "-q", f"v{version()}^{{commit}}"]
    tagged = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return f"the tag v{version()} belongs to another commit, {tagged}" if tagged and tagged != head.strip() else ""


def metadata_of(package: Path) -> str:
    """The metadata of a wheel or an sdist, as text."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
            return archive.read(name).decode()
    with tarfile.open(package) as tar:
        member = tar.extractfile(next(each for each in tar.getnames() if each.count("/") == 1 and "PKG-INFO" in each))
        assert member is not None
        return member.read().decode()


def names_in(package: Path) -> list[str]:
    """The names of the files in a wheel or an sdist."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            return archive.namelist()
    with tarfile.open(package) as tar:
        return tar.getnames()


def check_package(package: Path) -> str:
    """What of a package's version, content and size is not as it should be."""
    wrong = []
    found = re.search(r"^Version: (.+)$", metadata_of(package), re.MULTILINE)
    if not found or found[1] != version():
        wrong.append(f"its metadata says version {found[1] if found else '(none)'}, VERSION says {version()}")
    if package.stat().st_size > LARGEST_PACKAGE:
        wrong.append(f"has {package.stat().st_size:,} bytes, over {LARGEST_PACKAGE:,}")
    needed, what = CONTENT[package.name.partition("-")[0]]
    if not any(name.endswith(needed) for name in names_in(package)):
        wrong.append(f"lacks {what}")
    return "\n".join(wrong)


def twine(packages: list[Path]) -> str:
    """What the index would object to in the metadata."""
    return output_of([str(python.ensure_release_venv()), "-m", "twine", "check", "--strict", *map(str, packages)])


@dataclass
class Packages:
    """What is built, for each place where it is published."""

    pypi: list[Path] = field(default_factory=list)
    npm: list[Path] = field(default_factory=list)
    maven: list[Path] = field(default_factory=list)
    golang: list[Path] = field(default_factory=list)

    def all(self) -> list[Path]:
        """Every file."""
        return [*self.pypi, *self.npm, *self.maven, *self.golang]


def npm_version(package: Path) -> str:
    """What of an npm package's version and size is not as it should be."""
    with tarfile.open(package) as tar:
        member = tar.extractfile("package/package.json")
        assert member is not None
        told = json.load(member)["version"]
    wrong = [] if told == version() else [f"it says version {told}, VERSION says {version()}"]
    if package.stat().st_size > LARGEST_PACKAGE:
        wrong.append(f"has {package.stat().st_size:,} bytes, over {LARGEST_PACKAGE:,}")
    return "\n".join(wrong)


def jar_content(jar: Path) -> str:
    """What a jar lacks: each has something besides its manifest."""
    with zipfile.ZipFile(jar) as archive:
        names = [name for name in archive.namelist() if not name.startswith("META-INF/") and not name.endswith("/")]
    return "" if names else "it is empty"


def others(wheel: Path, packages: Packages, outcome: Outcome) -> None:
    """Builds the packages of the other languages, with the library of the wheel, so that all have the same one."""
    folder = unpack_wheel(wheel, BUILD / "release-library")
    try:
        say("      building the npm packages")
        packages.npm = typescript.packages(folder)
        for package in packages.npm:
            outcome.check(package.name, npm_version(package))
    except (Failure, MissingTool) as error:
        outcome.failed.append(("npm packages", str(error)))
    jdk = newest_jdk()
    try:
        if jdk is None or jdk.version < NEEDED:
            raise MissingTool(f"there is no JDK {NEEDED} or newer")
        say(f"      building the jars with JDK {jdk.version}")
        packages.maven = java.jars(jdk.home, folder)
        for package in packages.maven:
            outcome.check(package.name, jar_content(package))
    except (Failure, MissingTool) as error:
        outcome.failed.append(("jars", str(error)))
    packages.golang = [golang.write_release(wheel, version(), python.DIST)]
    outcome.passed += 1


def walk(variants: str) -> tuple[Outcome, Packages]:
    """Everything up to publishing."""
    outcome = Outcome()
    for name, wrong in (
        ("nothing is left to commit", working_tree()),
        ("the tag is free", tag()),
        ("CHANGELOG.md has the version", changelog()),
        ("the README has the version", "\n".join(check_versions())),
        ("bindings agree about the version", other_versions()),
    ):
        outcome.check(name, wrong)
    say("      building the sdist and the wheel, for many minutes the first time")
    wheel = python.wheel(variants=variants)
    packages = Packages([python.sdist(), wheel, *python.training()])
    for package in packages.pypi:
        outcome.check(package.name, check_package(package))
    outcome.check("twine check", twine(packages.pypi))
    others(wheel, packages, outcome)
    return outcome, packages


def published(packages: Packages) -> Iterator[str]:
    """What would be published, and with what."""
    for package in packages.all():
        yield f"{package.relative_to(ROOT)}  {package.stat().st_size / 1e6:.1f} MB  SHA-256 {sha256_of(package)}"
    names = " ".join(str(package.relative_to(ROOT)) for package in packages.pypi)
    tagged = f"v{version()}"
    yield f"git tag -s {tagged} && git push origin {tagged}"
    yield f"gh release create {tagged} {names}"
    yield f"python -m twine upload {names}"
    # the platform's package first: npm looks for it when it installs the other
    for package in reversed(packages.npm):
        yield f"npm publish --access public {package.relative_to(ROOT)}"
    if packages.maven:
        natives = java.NATIVES.relative_to(ROOT)
        yield f"(cd gpt4all-bindings/java && mvn -P release -DskipTests -Dgpt4all.natives=$OLDPWD/{natives} deploy)"
    for written in packages.golang:
        yield f"cp {written.relative_to(ROOT)} {golang.RELEASE.relative_to(ROOT)}  # and commit it"
        module = f"gpt4all-bindings/golang/{tagged}"
        yield f"git tag -s {module} && git push origin {module}"


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", default="ON", help="for a quick trial: CPU variants of the wheel, as x64,haswell")
    arguments = parser.parse_args()
    outcome, packages = walk(arguments.variants.replace(",", ";"))
    for name, wrong in outcome.failed:
        print(f"TO DO  {name}: {wrong}")
    if arguments.variants != "ON":
        print(f"TO DO  the wheel was built for {arguments.variants} alone: leave VARIANTS out for the one to publish")
    print("Would be published, and is not:")
    for line in published(packages):
        print(f"  {line}")
    print(outcome)
    return 1 if outcome.failed or arguments.variants != "ON" else 0


if __name__ == "__main__":
    sys.exit(run_main("make release-dry-run", main))
