"""Turns the docstrings of the Python package, which are plain text, into Markdown for the site. An extension of Griffe.

Lines such as "path: a GGUF file." become a list, and names of the public API, of options and of methods become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe

TYPES = "types"
_NAMES = r"[a-z]\w*(?:(?:, or |, | or | and )[a-z]\w*)*"
_ITEM = re.compile(rf"^({_NAMES}): (?=\S)")
_CODE = re.compile(r"(`[^`]*`)")
_NAME = re.compile(
    r"(?<![\w.\[/\"'-])(?P<owner>[A-Za-z_]\w*\.)?(?P<name>[A-Za-z_]\w*)(?P<call>\([^()]*\))?(?![\w\"'])", re.ASCII
)


class PlainDocstrings(griffe.Extension):  # type: ignore[misc]  # Griffe is not there where types are checked
    """Rewrites every docstring once the package is loaded, when what it speaks of is known."""

    def on_package(self, *, pkg: Any, loader: Any, **_: Any) -> None:
        names = public_names(pkg)
        for each in objects(pkg):
            if each.docstring is not None:
                each.docstring.value = Rewriter(each, names).markdown(each.docstring.value)


def public_names(package: Any) -> dict[str, str]:
    """Where on the site each public name is documented, by the name as docstrings write it."""
    found = {f"models.{name}": f"gpt4all.models.{name}" for name in package["models"].exports or ()}
    found |= {name: f"gpt4all.models.{name}" for name in package["models"].exports or () if not name.islower()}
    found |= {f"{TYPES}.{name}": f"gpt4all.{TYPES}.{name}" for name in package[TYPES].members if name[:1] != "_"}
    return found | {str(name): f"gpt4all.{name}" for name in package.exports or ()}


def objects(top: Any) -> Iterator[Any]:
    """Everything that is defined in a module or class, at any depth."""
    yield top
    for member in top.members.values():
        if not member.is_alias:
            yield from objects(member)


class Rewriter:
    """Makes Markdown of one object's docstring."""

    def __init__(self, owner: Any, names: dict[str, str]) -> None:
        self._names = names
        self._owner = owner
        self._members = own_names(owner)

    def markdown(self, text: str) -> str:
        return "\n\n".join(self._paragraph(part) for part in re.split(r"\n\s*\n", text.strip()))

    def _paragraph(self, text: str) -> str:
        """Prose, and then a list of what the paragraph defines. Lines that go on with an item are indented."""
        prose: list[str] = []
        items: list[str] = []
        for line in text.splitlines():
            if items and line.startswith(" "):
                items[-1] += f" {line.strip()}"
            elif _ITEM.match(line):
                items.append(line)
            else:
                prose.append(line)
        items = [part for item in items for part in self._split(item)]
        return "\n\n".join(part for part in (self._linked("\n".join(prose)), self._list(items)) if part)

    def _split(self, line: str) -> list[str]:
        """One item, or several that stand in one line: "size: in bytes. sha256: of the file."."""
        parts = re.split(rf"(?<=[.;]) (?=(?:{'|'.join(map(re.escape, self._members)) or '(?!)'}): )", line)
        return [part for part in parts if part]

    def _list(self, items: list[str]) -> str:
        rows = []
        for item in items:
            match = _ITEM.match(item)
            assert match is not None
            names = re.sub(r"[a-z]\w*", lambda name: name[0] if name[0] in ("or", "and") else f"`{name[0]}`", match[1])
            rows.append(f"* {names}: {self._linked(item[match.end() :])}")
        return "\n".join(rows)

    def _linked(self, text: str) -> str:
        """Text whose names are links, outside of code; angle brackets are no HTML."""
        parts = _CODE.split(text)
        parts[::2] = [_NAME.sub(self._link, part.replace("<", "&lt;").replace("*", r"\*")) for part in parts[::2]]
        return "".join(parts)

    def _link(self, match: re.Match[str]) -> str:
        owner, name, call = match["owner"] or "", match["name"], match["call"]
        target = None
        if not call:  # such as ChatResult or types.ChatOptions, but not a word of the language such as "schema"
            target = None if name.islower() else self._names.get(owner + name)
        elif owner:  # such as Model.chat()
            target = f"{self._names[owner[:-1]]}.{name}" if owner[:-1] in self._names else None
        else:
            target = self._function(name)
        return f"[`{match[0]}`][{target}]" if target else match[0]

    def _function(self, name: str) -> str | None:
        """Where a method of the class at hand is documented, or else a function of the module at hand, or of any."""
        class_ = self._owner if self._owner.is_class else self._owner.parent
        if class_ is not None and class_.name in self._names and name in class_.all_members:
            return f"{self._names[class_.name]}.{name}"
        near = "models." if self._owner.module.path.startswith("gpt4all.models") else ""
        return self._names.get(near + name) or self._names.get(f"models.{name}")


def own_names(owner: Any) -> set[str]:
    """The parameters of a function, or the attributes of a class and the parameters of its constructor."""
    if owner.is_function:
        return {parameter.name for parameter in owner.parameters}
    if not owner.is_class:
        return set()
    names = {name for name, member in owner.members.items() if not member.is_alias and member.is_attribute}
    made = owner.members.get("__init__")
    return names | (own_names(made) if made is not None and made.is_function else set())
