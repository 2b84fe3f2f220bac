"""gpt4all list, pull, verify, rm and prune: model files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .command import FAILED, AsJson
from .open_model import MODEL_HELP, complete_model, download_progress
from .output import in_bytes, in_words

if TYPE_CHECKING:
    from ..models import CachedModel, CatalogueEntry

Models = Annotated[list[str], typer.Argument(metavar="MODEL...", help=MODEL_HELP, autocompletion=complete_model)]
Some = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODEL]...", help="Which models; all by default.", autocompletion=complete_model),
]


def list_(
    search: Annotated[str | None, typer.Argument(metavar="TEXT", help="Only models whose name contains this.")] = None,
    cached: Annotated[bool, typer.Option("--cached", help="Only those on this machine.")] = False,
    available: Annotated[bool, typer.Option("--available", help="Only those that can be downloaded.")] = False,
    kind: Annotated[str | None, typer.Option(help="Only this kind: chat, completion or embedding.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists the models on this machine and in the catalogue.

    \b
    Examples:
      gpt4all list
      gpt4all list --cached
      gpt4all list qwen --kind chat
      gpt4all list --json | jq -r '.[] | select(.cached) | .path'
    """
    from .. import models

    if kind not in (None, "chat", "completion", "embedding"):
        raise typer.BadParameter(f"there is no kind {kind!r}; the kinds are chat, completion and embedding")
    local = models.list_cached()
    rows = [row_of(model.name, model.entry, model) for model in local]
    here = {model.entry.file for model in local if model.entry is not None}
    rows += [row_of(entry.file, entry, None) for entry in models.catalogue() if entry.file not in here]
    rows = [
        row
        for row in rows
        if _wanted(row, search, kind) and row["cached"] >= cached and row["cached"] <= (not available)
    ]
    if as_json:
        output.print_json(rows)
        return
    if not rows:
        output.note(
            "there is no such model" if search or kind else "there are no models; `gpt4all pull smollm2` downloads one"
        )
        return
    cells = [
        (
            row["file"],
            in_bytes(row["size"]),
            in_words(row["parameters"]) if row["parameters"] else "",
            row["quantization"] or "",
            row["kind"] or "",
            row["license"] or "",
            "yes" if row["cached"] else "",
        )
        for row in rows
    ]
    output.print_table(("MODEL", "SIZE", "PARAMETERS", "TYPE", "KIND", "LICENCE", "HERE"), cells, right=(1, 2))


def row_of(file: str, entry: CatalogueEntry | None, cached: CachedModel | None) -> dict[str, Any]:
    """What `list --json` says of a model on this machine, of the catalogue, or of both."""
    return {
        "file": file,
        "name": entry.name if entry else None,
        "aliases": list(entry.aliases) if entry else [],
        "cached": cached is not None,
        "path": str(cached.path) if cached else None,
        "size": cached.size if cached else entry.size if entry else None,
        "kind": entry.kind if entry else None,
        "architecture": entry.architecture if entry else None,
        "parameters": entry.parameters if entry else None,
        "quantization": entry.quantization if entry else None,
        "context_length": entry.context_length if entry else None,
        "ram_gb": entry.ram_gb if entry else None,
        "sampling": dict(entry.sampling) if entry else {},
        "license": entry.license.name if entry else None,
        "description": entry.description if entry else None,
        "sha256": cached.sha256 if cached else entry.sha256 if entry else None,
        "sources": [str(source) for source in entry.sources]
        if entry
        else [cached.source]
        if cached and cached.source
        else [],
    }


def _wanted(row: dict[str, Any], search: str | None, kind: str | None) -> bool:
    if kind is not None and row["kind"] != kind:
        return False
    names = [row["file"], row["name"] or "", *row["aliases"]]
    return search is None or any(search.casefold() in name.casefold() for name in names)


def pull(
    model: Models,
    force: Annotated[bool, typer.Option("--force", help="Download it even if it exists.")] = False,
    sha256: Annotated[str | None, typer.Option(help="What the file's SHA-256 must be.")] = None,
    as_json: AsJson = False,
) -> None:
    """Downloads models. Interrupted downloads are resumed.

    \b
    Examples:
      gpt4all pull smollm2
      gpt4all pull hf://Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf
      gpt4all pull --sha256 9f86d0… https://example.org/model.gguf
    """
    from .. import models

    if sha256 is not None and len(model) > 1:
        raise typer.BadParameter("--sha256 is for a single model; pull them one by one")
    paths = []
    for name in model:
        with download_progress(name) as progress:
            paths.append(models.pull(name, force=force, sha256=sha256, progress=progress))
        if not as_json:
            print(paths[-1])
    if as_json:
        output.print_json([{"path": str(path), "size": path.stat().st_size} for path in paths])


def verify(model: Some = None, as_json: AsJson = False) -> int:
    """Checks whole model files against their known hashes. Exit code 1 if one is damaged.

    \b
    Examples:
      gpt4all verify
      gpt4all verify smollm2
    """
    from .. import models

    named: list[str | Path] = [*model] if model else [each.path for each in models.list_cached()]
    checked = []
    for name in named:
        with download_progress(Path(name).name) as progress:
            checked.append(models.verify(name, progress=progress))
        found = checked[-1]
        if as_json:
            continue
        word = {True: "ok", False: "DAMAGED", None: "unknown"}[found.ok]
        print(f"{word:<8}  {found.path}")
    if as_json:
        keys = ("ok", "algorithm", "expected", "found")
        output.print_json([{"path": str(each.path), **{key: getattr(each, key) for key in keys}} for each in checked])
    bad = [each.path for each in checked if each.ok is False]
    if bad:
        output.fail(
            f"{', '.join(path.name for path in bad)}: not what was published; `gpt4all pull --force` downloads it again"
        )
        return FAILED
    return 0


def rm(model: Models, as_json: AsJson = False) -> None:
    """Deletes models from the cache, with everything that belongs to them.

    \b
    Examples:
      gpt4all rm smollm2
    """
    from .. import models

    removed = [path for name in model for path in models.remove(name)]
    if as_json:
        output.print_json({"removed": [str(path) for path in removed]})
        return
    for path in removed:
        print(f"removed {path}")


def prune(
    days: Annotated[float, typer.Option(min=0, help="Only what has not been touched for this many days.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Deletes leftovers of downloads, translations of old files that no longer exist, and rearranged weights of models
    that were not opened. Models are kept.

    \b
    Examples:
      gpt4all prune
      gpt4all prune --days 0
    """
    from .. import models

    pruned = models.prune(older_than_seconds=days * 24 * 3600)
    if as_json:
        output.print_json({"removed": [str(path) for path in pruned.paths], "freed_bytes": pruned.freed_bytes})
        return
    for path in pruned.paths:
        print(f"removed {path}")
    print(f"{len(pruned.paths)} files, {in_bytes(pruned.freed_bytes)} freed")
