"""Credit where it is due: CREDITS.md for people, and CITATION.cff for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from .manifest import Credit

_MEANT_BY_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def spdx(license_: str) -> str | None:
    """A licence as SPDX has it; None if it is none of SPDX's."""
    try:
        return str(canonicalize_license_expression(license_))
    except InvalidLicenseExpression:
        return None


def credits_page(title: str, credits_: Sequence[Credit], rows: Sequence[int | None]) -> str:
    """CREDITS.md. rows: how many are left of each source; None for one that has no rows."""
    lines = [
        f"# Credits: {as_text(title)}",
        "",
        "Made from these sources. Their licences hold for what came from each.",
        "",
        "| Source | Author | Licence | Year | Rows |",
        "| --- | --- | --- | --- | ---: |",
    ]
    for each, count in zip(credits_, rows, strict=True):
        name = f"[{as_text(each.name)}](<{each.url}>)" if each.url else as_text(each.name)
        cells = (
            name,
            as_text(each.author),
            as_text(each.license),
            str(each.year or ""),
            "" if count is None else f"{count:,}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def citation(title: str, version: str, credits_: Sequence[Credit]) -> str:
    """CITATION.cff, in version 1.2.0 of its format."""
    content = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite the sources that they were made from.",
        "type": "dataset",
        "title": title,
        "authors": [{"name": each} for each in dict.fromkeys(each.author for each in credits_)],
        "abstract": f"Curated with gpt4all-training {version}.",
        "references": [_reference(each) for each in credits_],
    }
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120))


def _reference(credit: Credit) -> dict[str, object]:
    known = spdx(credit.license)
    found: dict[str, object] = {"type": "data", "title": credit.name, "authors": [{"name": credit.author}]}
    if known and re.fullmatch(r"[\w.+-]+", known):  # the format takes single licences only
        found["license"] = known
    else:
        found["notes"] = f"Licence: {credit.license}"
    if credit.url:
        found["url"] = credit.url
    if credit.year:
        found["year"] = credit.year
    return found


def as_text(text: str) -> str:
    """A text in which Markdown finds nothing."""
    return _MEANT_BY_MARKDOWN.sub(r"\\\1", " ".join(text.split()))
