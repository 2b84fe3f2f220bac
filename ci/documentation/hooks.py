"""Hooks of MkDocs: generated parts of pages, and links from the documentation to files beside it."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
import sys
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from ci.documentation.examples import with_tabs
from ci.documentation.pages import GENERATORS

ROOT = Path(__file__).resolve().parents[2]

MARKER = re.compile(r"^<!-- generate: (.+?) -->$", re.MULTILINE)
NOT_RUN = re.compile(r"^ *<!-- not run: .+? -->\n", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\((?!#)([^)\s:]+)\)")

# Where on the site those files are found that are linked to and lie outside of docs/.
PAGES = {
    "CHANGELOG.md": "docs/changelog.md",
    "README.md": "docs/index.md",
    "gpt4all-backend/include/llmodel.h": "docs/reference/llmodel.h.md",
    "gpt4all-backend/schema/llmodel.schema.json": "docs/reference/llmodel.schema.json",
    "gpt4all-bindings/catalogue/README.md": "docs/catalogue.md",
    "gpt4all-bindings/corpus/README.md": "docs/corpus.md",
    "gpt4all-bindings/golang/README.md": "docs/golang.md",
    "gpt4all-bindings/java/README.md": "docs/java.md",
    "gpt4all-bindings/python/README.md": "docs/quickstart.md",
    "gpt4all-bindings/typescript/README.md": "docs/typescript.md",
}


def on_config(config: Any) -> Any:
    """Makes the package importable from this checkout, and keeps it off the network."""
    sys.path.insert(0, str(ROOT / "gpt4all-bindings" / "python"))
    os.environ["GPT4ALL_OFFLINE"] = "1"
    return config


def on_files(files: Any, config: Any) -> Any:
    """Puts the JSON Schema on the site."""
    schema = ROOT / "gpt4all-backend" / "schema" / "llmodel.schema.json"
    files.append(File.generated(config, "reference/llmodel.schema.json", abs_src_path=str(schema)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Puts generated parts and examples of other languages in, and takes comments for the tests out."""
    own = f"docs/{page.file.src_uri}"

    def generated(match: re.Match[str]) -> str:
        name, *arguments = shlex.split(match[1])
        if name not in GENERATORS:
            raise PluginError(f"{own} asks for {name!r}, which ci/documentation/pages.py does not make")
        try:
            text = GENERATORS[name](*arguments)
        except (OSError, ValueError, TypeError) as error:
            raise PluginError(f"{own}: {match[1]}: {error}") from error
        return relinked(text, arguments[0], own, keep=False) if name == "include" else text

    whole = MARKER.sub(generated, relinked(markdown, own, own, keep=True))
    return NOT_RUN.sub("", with_tabs(whole, page.file.src_uri.removesuffix(".md")))


def relinked(text: str, source: str, page: str, keep: bool) -> str:
    """Markdown of the file `source` with its links as the page needs them.

    keep: whether a link to what is not on the site stays, for MkDocs to complain about, or becomes plain text.
    """

    def link(match: re.Match[str]) -> str:
        path, hash_, anchor = match[2].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        target = PAGES.get(target, target)
        if target == "docs/decisions":
            target += "/index.md"
        if not target.startswith("docs/"):
            return match[0] if keep else match[1]
        return f"[{match[1]}]({posixpath.relpath(target, posixpath.dirname(page))}{hash_}{anchor})"

    pieces = re.split(r"(^ *```.*?^ *```$)", text, flags=re.MULTILINE | re.DOTALL)
    pieces[::2] = [LINK.sub(link, piece) for piece in pieces[::2]]
    return "".join(pieces)
