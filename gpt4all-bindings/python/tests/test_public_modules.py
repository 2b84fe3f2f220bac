"""What is public: modules without an underscore anywhere in their path, and what they list in __all__.

All of it is in docs/reference, and nothing else is.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gpt4all

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"
PAGES = {page.name: page.read_text(encoding="utf-8") for page in REFERENCE.glob("*.md")}

# The package makes these: what their constructors take is its own.
MADE_FOR_USERS = ("AsyncStream", "Stream", "Task")

# The site makes a section of each class in gpt4all.types, which is generated and has no __all__.
GENERATED = "gpt4all.types"


def modules() -> list[str]:
    """Every module of the package, by its name."""
    found = pkgutil.walk_packages(gpt4all.__path__, "gpt4all.")
    return ["gpt4all", *(each.name for each in found if each.name != "gpt4all.__main__")]


def is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


PUBLIC = sorted(filter(is_public, modules()))


def documented() -> set[str]:
    """What the pages have a section of, by the names that they have it under."""
    return {name for text in PAGES.values() for name in re.findall(r"^::: (\S+)", text, re.MULTILINE)}


def names_of(module: ModuleType) -> list[str]:
    listed: list[str] | None = getattr(module, "__all__", None)
    return listed if listed is not None else [name for name in vars(module) if not name.startswith("_")]


def test_the_reference_lists_the_public_modules() -> None:
    rows = re.findall(r"^\| (`gpt4all.*?`) \|", PAGES["index.md"], re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`(.+?)`", row)) == PUBLIC


def test_private_packages_have_no_underscores_inside() -> None:
    assert [name for name in modules() if re.search(r"\._\w+\._", name)] == []


def test_modules_of_public_packages_are_private() -> None:
    """A name is in one public module alone: the package."""
    packages = [name for name in PUBLIC if name != "gpt4all" and hasattr(importlib.import_module(name), "__path__")]
    assert [name for name in PUBLIC if name.rpartition(".")[0] in packages] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_public_modules_say_what_they_are_for(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()
    assert name == GENERATED or hasattr(module, "__all__")
    assert all(hasattr(module, each) for each in names_of(module))


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != GENERATED])
def test_public_names_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    sections = documented()
    known = [resolved(each) for each in sections]
    missing = [
        each
        for each in names_of(module)
        if f"{name}.{each}" not in sections and not any(getattr(module, each) is other for other in known)
    ]
    assert missing == []


def test_everything_documented_is_public() -> None:
    assert [name for name in documented() if not is_public(name)] == []
    assert [name for name in documented() if not _is_exported(name)] == []


def _is_exported(name: str) -> bool:
    module, _, own = name.rpartition(".")
    return module in PUBLIC and own in names_of(importlib.import_module(module))


def resolved(name: str) -> Any:
    """What a name such as gpt4all.models.resolve stands for."""
    module, _, own = name.rpartition(".")
    return getattr(importlib.import_module(module), own)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != GENERATED])
def test_what_public_signatures_speak_of_is_public(name: str) -> None:
    """The classes and aliases of this package in the annotations of public functions and methods."""
    module = importlib.import_module(name)
    public = {each for other in PUBLIC for each in names_of(importlib.import_module(other))}
    public |= {other.rpartition(".")[2] for other in PUBLIC}
    unknown = {
        f"{each}: {word}"
        for each in names_of(module)
        for word in words_of(getattr(module, each)) & own_names(getattr(module, each))
        if word not in public
    }
    assert sorted(unknown) == []


def words_of(thing: Any) -> set[str]:
    """Every name in the annotations of a function, or of a class and its public methods, as they are written."""
    if isinstance(thing, type):
        special = () if thing.__name__ in MADE_FOR_USERS else ("__init__",)
        methods = [method for key, method in vars(thing).items() if key in special or not key.startswith("_")]
        functions = [getattr(each, "fget", getattr(each, "__func__", each)) for each in methods]
        given = [*vars(thing).get("__annotations__", {}).items()]
    else:
        functions, given = [thing], []
    for function in functions:
        given += getattr(function, "__annotations__", {}).items()
    annotations = [annotation for key, annotation in given if not key.startswith("_")]
    return {word for text in annotations for word in re.findall(r"(?<![.\w])[A-Za-z_]\w+", str(text))}


def own_names(thing: Any) -> set[str]:
    """What this package defines of the names that the module of `thing` knows, type variables aside."""
    where = getattr(thing, "__module__", "")
    if not where.startswith("gpt4all"):
        return set()
    source = importlib.import_module(where).__file__
    assert source is not None
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(source).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            found |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and "TypeVar" not in ast.unparse(node.value):
            found |= {each.id for each in node.targets if isinstance(each, ast.Name)}
    return found
