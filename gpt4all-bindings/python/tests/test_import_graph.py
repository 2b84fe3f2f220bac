"""No module of the package imports, directly or through others, itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import gpt4all

PACKAGE = Path(gpt4all.__path__[0])
MODULES = {
    ".".join(["gpt4all", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imported(module: str, text: str, *, with_types: bool) -> set[str]:
    """The modules of the package that a module's text imports, in functions too.

    with_types: also those that only type checkers import.
    """
    here = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in statements(ast.parse(text), with_types=with_types):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            above = here.split(".")[: len(here.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                found.add(f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base)
    return {name for name in found if name in MODULES and name != module}


def statements(node: ast.AST, *, with_types: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING" and not with_types:
            for each in child.orelse:
                yield from statements(ast.Module([each], []), with_types=with_types)
        else:
            yield from statements(child, with_types=with_types)


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """A circle of imports, if there is one."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("with_types", [False, True], ids=["when it runs", "for type checkers, too"])
def test_no_circles_of_imports(with_types: bool) -> None:
    graph = {
        name: imported(name, path.read_text(encoding="utf-8"), with_types=with_types) for name, path in MODULES.items()
    }
    assert sum(map(len, graph.values())) > 200
    assert cycle(graph) == []


def test_circles_are_found() -> None:
    """Those in functions, too; not those that only type checkers see, unless asked."""
    text = "import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import _task\n"
    assert imported("gpt4all._library", text, with_types=False) == set()
    assert imported("gpt4all._library", text, with_types=True) == {"gpt4all._task"}
    inside = "def f():\n    from .._model import Model\n    from . import _cache\n"
    assert imported("gpt4all.models._files", inside, with_types=False) == {"gpt4all._model", "gpt4all.models._cache"}
    assert imported("gpt4all.models", "from . import _cache", with_types=False) == {"gpt4all.models._cache"}
    assert set(cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()})) == {"a", "b", "c"}
