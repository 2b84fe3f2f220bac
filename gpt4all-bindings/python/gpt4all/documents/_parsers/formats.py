"""Which reader a file gets, by its name."""

from __future__ import annotations

from pathlib import PurePath

FORMATS = {
    "text": "txt text log srt vtt tex bib",
    "markdown": "md markdown mdx",
    "rst": "rst",
    "html": "html htm xhtml",
    "pdf": "pdf",
    "docx": "docx docm",
    "pptx": "pptx pptm",
    "xlsx": "xlsx xlsm",
    "odt": "odt fodt",
    "epub": "epub",
    "csv": "csv tsv",
    "code": (
        "ada asm bash bat c cc cfg clj cmake conf cpp cs css cu cxx d dart diff el erl ex exs f90 fish fs go gradle "
        "graphql groovy h hh hpp hs hxx ini java jl js json jsonl jsx kt kts less lisp lua m make mjs ml mli mm nim "
        "nix patch php pl pm proto ps1 py pyi r rb rs sass scala scm scss sh sql svelte swift tcl tf toml ts tsx v vb "
        "vhd vim vue wat xml yaml yml zig zsh"
    ),
}
BY_SUFFIX = {suffix: name for name, suffixes in FORMATS.items() for suffix in suffixes.split()}
BY_NAME = {
    "cmakelists.txt": "code",
    "dockerfile": "code",
    "makefile": "code",
    "authors": "text",
    "changelog": "text",
    "changes": "text",
    "copying": "text",
    "install": "text",
    "license": "text",
    "news": "text",
    "notice": "text",
    "readme": "text",
    "todo": "text",
}


def format_of(name: str) -> str | None:
    """The format that a file's name stands for; None for one that cannot be read."""
    path = PurePath(name.lower())
    return BY_NAME.get(path.name) or BY_SUFFIX.get(path.suffix.lstrip("."))
