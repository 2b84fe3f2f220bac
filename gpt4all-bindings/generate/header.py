"""Reads llmodel.h into its functions, types and documentation. Refuses C that a binding could not carry over.

pycparser, which cffi reads declarations with, knows the grammar; what it gives is narrowed to the few forms that the
header has, so that something new is decided upon rather than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from pycparser import CParser, c_ast
from pycparser.c_parser import ParseError

from generate.declarations import (
    Callback,
    CKind,
    Constant,
    CType,
    Declaration,
    Enum,
    Function,
    Handle,
    Header,
    Member,
    Parameter,
    Struct,
)
from generate.preprocessor import Comment, HeaderError, Reduced, line_of, reduce

# Types whose width is the same everywhere, and those of which the ABI says it. int and long have their place here not.
BUILT_IN: dict[str, CKind] = {
    "void": "void",
    "char": "char",
    "float": "float",
    "double": "float",
    "size_t": "integer",
    **{f"{sign}int{bits}_t": "integer" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
PREFIX = "llmodel_"


def read(path: Path) -> Header:
    """The header in a file."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Header:
    """A header's text. Raises HeaderError, which says in which line something is not understood."""
    reduced = reduce(text)
    known = "".join(f"typedef int {name};" for name in BUILT_IN if name.endswith("_t"))
    try:
        tree = CParser().parse(f'{known}\n# 1 "llmodel.h"\n{reduced.text}', "known")
    except ParseError as error:
        raise HeaderError(f"llmodel.h is not C that the generators know: {error}") from error
    nodes = [node for node in tree.ext if node.coord.file == "llmodel.h"]
    return _Reader(text, reduced).header(nodes)


class _Reader:
    """Turns pycparser's tree into the description, with the comments where they belong."""

    def __init__(self, text: str, reduced: Reduced) -> None:
        self.text = text
        self.reduced = reduced
        self.kinds = dict(BUILT_IN)
        self.trailing: dict[int, list[Comment]] = {}  # by line
        self.leading: dict[int, Comment] = {}  # by the place of what follows
        for comment in reduced.comments:
            if comment.trailing:
                self.trailing.setdefault(line_of(text, comment.start), []).append(comment)
            else:
                place = self._next(comment.end)
                if place < 0 or place in self.leading:
                    lost = self.leading.get(place, comment)
                    raise HeaderError(f"line {line_of(text, lost.start)}: a documentation comment belongs to nothing")
                self.leading[place] = comment

    def _next(self, offset: int) -> int:
        """Where what stands after a comment begins, be it a declaration or a preprocessor line."""
        places = [place for place in (*self.reduced.macros, self.reduced.guard) if place >= offset]
        code = re.compile(r"\S").search(self.reduced.text, offset)
        exported = [place for place in self.reduced.exported if place >= offset]
        return min([*places, *exported, *([code.start()] if code else [])], default=-1)

    def header(self, nodes: list[Any]) -> Header:
        starts = list(self._starts())
        if len(starts) != len(nodes):
            raise HeaderError("a declaration of llmodel.h declares several names: give each its own")
        documentation = self._take(self.reduced.guard)
        constants = tuple(
            Constant(name, value, self._take(place)) for place, (name, value) in self.reduced.macros.items()
        )
        declarations = tuple(self._declaration(node, start) for node, start in zip(nodes, starts, strict=True))
        left = [*self.leading.values(), *(comment for found in self.trailing.values() for comment in found)]
        if left:
            lines = sorted(line_of(self.text, comment.start) for comment in left)
            raise HeaderError(f"line {lines[0]}: a documentation comment belongs to nothing")
        if "LLMODEL_ABI_VERSION" not in [each.name for each in constants]:
            raise HeaderError("the header does not define LLMODEL_ABI_VERSION as a plain number")
        return Header(documentation, constants, declarations)

    def _starts(self) -> Iterator[int]:
        """Where each declaration begins, its export macro included."""
        depth, begun = 0, -1
        for match in re.finditer(r"[^\s;{}]+|[;{}]", self.reduced.text):
            if begun < 0:
                begun = match.start()
            depth += {"{": 1, "}": -1}.get(match[0], 0)
            if match[0] == ";" and depth == 0:
                before = self.text.rfind(";", 0, begun)
                macro = [place for place in self.reduced.exported if before < place < begun]
                yield macro[0] if macro else begun
                begun = -1

    def _take(self, place: int) -> str:
        comment = self.leading.pop(place, None)
        return comment.text if comment else ""

    def _take_trailing(self, node: Any) -> str:
        found = self.trailing.pop(node.coord.line, [])
        if len(found) > 1:
            raise HeaderError(f"line {node.coord.line}: two documentation comments for one member")
        return found[0].text if found else ""

    def _refuse(self, node: Any, what: str) -> NoReturn:
        raise HeaderError(f"line {node.coord.line if node.coord else '?'}: {what}")

    def _declaration(self, node: Any, start: int) -> Declaration:
        documentation = self._take(start)
        exported = start in self.reduced.exported
        if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
            if not exported:
                self._refuse(node, f"{node.name} is not exported with LLMODEL_API")
            if node.storage or node.funcspec:
                self._refuse(node, f"{node.name}: only plain functions are understood")
            self._check_name(node)
            return Function(node.name, *self._signature(node.type), documentation)
        if exported or not isinstance(node, c_ast.Typedef):
            self._refuse(node, "only functions and typedefs are understood")
        self._check_name(node)
        made = self._typedef(node, documentation)
        self.kinds[made.name] = made.kind  # type: ignore[assignment]  # a typedef is no function
        return made

    def _check_name(self, node: Any) -> None:
        if not node.name.startswith(PREFIX):
            self._refuse(node, f"{node.name} does not begin with {PREFIX}")

    def _typedef(self, node: Any, documentation: str) -> Declaration:
        inner = node.type
        if isinstance(inner, c_ast.PtrDecl) and isinstance(inner.type, c_ast.FuncDecl):
            return Callback(node.name, *self._signature(inner.type), documentation)
        target = inner.type if isinstance(inner, c_ast.TypeDecl) else None
        if not isinstance(target, (c_ast.Struct, c_ast.Enum)):
            self._refuse(node, f"{node.name}: only structs, enums and pointers to functions get a name by typedef")
        if target.name != node.name:
            self._refuse(node, f"{node.name} has another tag: {target.name}")
        if isinstance(target, c_ast.Enum):
            return self._enum(node, target, documentation)
        if target.decls is None:
            return Handle(node.name, documentation)
        fields = tuple(Parameter(each.name, self._member(each), self._take_trailing(each)) for each in target.decls)
        return Struct(node.name, fields, documentation)

    def _member(self, node: Any) -> CType:
        if not isinstance(node, c_ast.Decl) or node.name is None or node.bitsize:
            self._refuse(node, "members of a struct are plain, with a name")
        found = self._type(node.type)
        if found.kind in ("struct", "callback"):
            self._refuse(node, f"{node.name}: a struct has numbers and pointers only")
        return found

    def _enum(self, node: Any, target: Any, documentation: str) -> Enum:
        members = []
        for each in target.values.enumerators if target.values else ():
            if not isinstance(each.value, c_ast.Constant) or not each.value.value.isdecimal():
                self._refuse(each, f"{each.name} is not given as a plain number")
            members.append(Member(each.name, int(each.value.value), self._take_trailing(each)))
        if not members or len({each.value for each in members}) != len(members):
            self._refuse(node, f"{node.name} has no members, or two of the same number")
        first = node.name.upper().removesuffix("_STATUS").removesuffix("_LEVEL").removesuffix("_KIND") + "_"
        if wrong := next((each for each in members if not each.name.startswith(first)), None):
            self._refuse(node, f"{wrong.name} does not begin with {first}")
        return Enum(node.name, first, tuple(members), documentation)

    def _signature(self, node: Any) -> tuple[CType, tuple[Parameter, ...]]:
        returns = self._type(node.type)
        if returns.pointers > 1 or (returns.pointers and not returns.constant):
            self._refuse(node, "what is returned by pointer is borrowed, and const")
        if node.args is None:
            self._refuse(node, "a function without parameters has (void)")
        parameters = []
        for each in node.args.params:
            if isinstance(each, c_ast.Typename) and len(node.args.params) == 1 and self._is_void(each.type):
                break
            if not isinstance(each, c_ast.Decl) or each.name is None:
                self._refuse(node, "every parameter has a name, and their number is fixed")
            kind = self._type(each.type)
            if kind.kind in ("void", "struct") and not kind.pointers:
                self._refuse(each, f"{each.name} cannot be passed by value")
            parameters.append(Parameter(each.name, kind))
        return returns, tuple(parameters)

    def _is_void(self, node: Any) -> bool:
        return isinstance(node, c_ast.TypeDecl) and getattr(node.type, "names", None) == ["void"]

    def _type(self, node: Any) -> CType:
        outer, pointers = node, 0
        while isinstance(node, c_ast.PtrDecl):
            if node.quals:
                self._refuse(outer, "a pointer that is itself const or the like is not understood")
            node, pointers = node.type, pointers + 1
        if not isinstance(node, c_ast.TypeDecl) or not isinstance(node.type, c_ast.IdentifierType):
            self._refuse(outer, "only names of types, and pointers to them, are understood")
        name = " ".join(node.type.names)
        if name not in self.kinds:
            self._refuse(outer, f"{name} is not known: use a type of fixed width, or one declared before")
        if set(node.quals) - {"const"} or (node.quals and not pointers):
            self._refuse(outer, f"{' '.join(node.quals)} {name} is not understood")
        kind = self.kinds[name]
        if (kind == "handle" and not pointers) or (kind == "callback" and pointers) or pointers > 2:
            self._refuse(outer, f"{name} with {pointers} pointers is not understood")
        return CType(name, kind, pointers, bool(node.quals))
