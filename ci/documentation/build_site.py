"""`make site`: builds the documentation site in build/site and checks it; --serve shows it, and follows changes."""

from __future__ import annotations

import argparse
import ast
import html.parser
import os
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from ci.common import BUILD, ROOT, run_main, say
from ci.setup import ensure_other_venv
from ci.steps import run_logged, tail
from ci.testing.reports import Outcome

SITE = BUILD / "site"
PACKAGE = ROOT / "gpt4all-bindings" / "python" / "gpt4all"
LOG = BUILD / "logs" / "site.log"
MKDOCS = ("-m", "mkdocs")
VARIABLES = {"NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}
# What a browser fetches by itself when it shows a page.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


def ensure_site_venv() -> Path:
    """Makes build/venv-docs and returns its Python. Raises NoNetwork if a package cannot be downloaded."""
    return ensure_other_venv("venv-docs", ROOT / "docs" / "requirements.txt", "MkDocs")


def check() -> Outcome:
    """Builds the site, strictly, and checks whether it is whole."""
    outcome = Outcome()
    LOG.unlink(missing_ok=True)
    command = [str(ensure_site_venv()), *MKDOCS, "build", "--strict", "--clean"]
    code = run_logged(command, LOG, cwd=ROOT, variables=VARIABLES)
    outcome.check("mkdocs build --strict", f"ended with {code}:\n{tail(LOG)}" if code else "")
    if code:
        return outcome
    documented = set(inventory(SITE / "objects.inv"))
    for module in ("gpt4all", "gpt4all.models"):
        names = public_names(PACKAGE / ("models" if module.endswith("models") else "") / "__init__.py")
        missing = sorted(name for name in names if f"{module}.{name}" not in documented)
        outcome.check(f"every name of {module} is in the reference", ", ".join(missing))
    foreign = sorted({f"{path.relative_to(SITE)}: {address}" for path, address in fetched()})
    outcome.check("nothing is fetched from other hosts", "\n".join(foreign))
    return outcome


def inventory(path: Path) -> Iterator[str]:
    """What the reference documents, from the list that it gives to other sites (Sphinx's objects.inv)."""
    packed = path.read_bytes().split(b"\n", 4)[4]
    for line in zlib.decompress(packed).decode("utf-8").splitlines():
        yield line.split(" ")[0]


def public_names(path: Path) -> list[str]:
    """A module's __all__."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(statement.value)
            return names
    raise ValueError(f"{path} has no __all__")


def fetched() -> Iterator[tuple[Path, str]]:
    """Pages and style sheets, with each address on another host that a browser would fetch for them."""
    for path in SITE.rglob("*.html"):
        parser = _Fetched()
        parser.feed(path.read_text(encoding="utf-8"))
        yield from ((path, address) for address in parser.found)
    for path in SITE.rglob("*.css"):
        for address in re.findall(r"url\([\"']?((?:https?:)?//[^)\"']+)", path.read_text(encoding="utf-8")):
            yield path, address


class _Fetched(html.parser.HTMLParser):
    """Collects addresses on other hosts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(FETCHED.get(tag, "")) or ""
        if re.match(r"(https?:)?//", address) and dict(attrs).get("rel") != "canonical":
            self.found.append(address)


def serve(address: str) -> int:
    """Shows the site until Ctrl-C. Does not return."""
    python = str(ensure_site_venv())
    os.chdir(ROOT)
    os.execve(python, [python, *MKDOCS, "serve", "--dev-addr", address], {**os.environ, **VARIABLES})


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="show the site and follow changes, until Ctrl-C")
    parser.add_argument("--address", default="127.0.0.1:8000", help="where to show it")
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(arguments.address)
    outcome = check()
    for name, text in outcome.failed:
        say(f"{name}: {text}")
    say(f"{outcome}; open {SITE / 'index.html'}, or `make site SERVE=1`")
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(run_main("make site", main))
