"""The documentation's tables of statuses, events, options and results.

They stand in pages that are otherwise written by hand: wherever a page of docs/ has `<!-- generated: NAME -->` and
`<!-- end -->`, what is between is made here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from generate.build import ROOT
from generate.description import Description
from generate.emitters.python_types import Member, TypedDict, python_classes

REGION = re.compile(r"(<!-- generated: (\w+) -->)\n.*?(<!-- end -->)", re.DOTALL)
NAME = re.compile(r"`[^`]*`|\bllmodel_\w+\(\)|\bLLMODEL_\w+|\bNULL\b|\$defs/\w+")


def emit(description: Description) -> dict[str, str]:
    def fill(match: re.Match[str]) -> str:
        if match[2] not in TABLES:
            raise ValueError(f"a page asks for {match[2]}, but there are {', '.join(TABLES)}")
        return f"{match[1]}\n\n{TABLES[match[2]](description)}\n\n{match[3]}"

    pages = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))}
    return {
        path.relative_to(ROOT).as_posix(): REGION.sub(fill, text) for path, text in pages.items() if REGION.search(text)
    }


def row(*cells: str) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell).replace("\n", " ") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: list[str]) -> str:
    return "\n".join([row(*head), row(*["---"] * len(head)), *rows])


def prose(text: str) -> str:
    """A comment of the header, with names as code."""
    return NAME.sub(lambda match: match[0] if match[0][0] == "`" else f"`{match[0]}`", text)


def statuses(description: Description) -> str:
    """The statuses, as the header explains them."""
    enum = description.header.enum("llmodel_status")
    rows = [
        row(f"`{enum.short(each).upper()}`", str(each.value), prose(each.documentation) or "Success.")
        for each in enum.members
    ]
    return table(("Status", "Value", "Means"), rows)


def events(description: Description) -> str:
    """The kinds of events, less the one that stands for none."""
    rows = [row(f"`{each.name.upper()}`", prose(each.documentation)) for each in description.events if each.value]
    return table(("Event", "Data"), rows)


def options(description: Description) -> str:
    """The keyword arguments of Python's methods."""
    return "\n\n".join(typed_dict(each) for each in python_classes(description) if each.given)


def results(description: Description) -> str:
    """The results as Python gives them."""
    return "\n\n".join(typed_dict(each) for each in python_classes(description) if not each.given)


def typed_dict(each: TypedDict) -> str:
    """A section on a class, with a table of its keys, those that have to be there first."""
    parts = [f"## {each.name} {{#gpt4all.types.{each.name}}}"]
    if each.documentation:
        parts.append(html.escape(each.documentation, quote=False))
    if each.bases:
        links = ", ".join(f"[{name}][gpt4all.types.{name}]" for name in each.bases)
        has = "has" if len(each.bases) == 1 else "have"
        parts.append(f"What {links} {has}, and:" if each.members else f"All of {links}.")
    if each.members:
        members = sorted(each.members, key=lambda member: not member.required)
        parts.append(table(("Name", ""), [field(member) for member in members]))
    return "\n\n".join(parts)


def field(member: Member) -> str:
    text = html.escape(member.documentation, quote=False)
    text = re.sub(r"Default: (.+?)\.(?= From|$)", r"Default: `\1`.", text)
    listed: list[str] = []

    def shorten(match: re.Match[str]) -> str:
        values = re.findall(r'"([^"]+)"', match[0])
        if len(values) <= 6:
            return match[0]
        listed.extend(values)
        return "Literal[…]"

    kind = re.sub(r"Literal\[[^\]]*\]", shorten, member.kind)
    text += "<br>" + " ".join(f"`{value}`" for value in listed) if listed else ""
    return row(f"`{member.name}`", f"`{kind}`<br>{text}")


TABLES: dict[str, Callable[[Description], str]] = {each.__name__: each for each in (statuses, events, options, results)}
