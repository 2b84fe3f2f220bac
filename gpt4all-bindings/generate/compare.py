"""Compares what a binding declares, in whatever way its language has, with the header.

A binding's test writes what it declares as JSON, as expected() has it for the header, and gives it to
`python -m generate --compare FILE`. Types are those that matter at the call: i8, i16, i32, i64 (with or without a
sign), size, f32, f64, pointer and void.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generate.declarations import Callback, CType, Function, Header

Declared = Mapping[str, Any]

WIDTHS = {f"{sign}int{bits}_t": f"i{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
WIDTHS |= {"size_t": "size", "float": "f32", "double": "f64", "char": "i8", "void": "void"}
SECTIONS = ("functions", "callbacks", "structs", "enums")


def width(type: CType) -> str:
    """What a type is for whoever calls."""
    if type.pointers or type.kind == "callback":
        return "pointer"
    return "i32" if type.kind == "enum" else WIDTHS[type.name]


def expected(header: Header) -> dict[str, Any]:
    """What a binding has to declare."""

    def signatures(kind: type[Function] | type[Callback]) -> dict[str, Any]:
        return {
            each.name: {"returns": width(each.returns), "parameters": [width(one.type) for one in each.parameters]}
            for each in header.declarations
            if isinstance(each, kind)
        }

    return {
        "abi_version": header.abi_version,
        "functions": signatures(Function),
        "callbacks": signatures(Callback),
        "structs": {each.name: [[one.name, width(one.type)] for one in each.fields] for each in header.structs},
        "enums": {each.name: each.values() for each in header.enums},
    }


def differences(header: Header, declared: Declared) -> Iterator[str]:
    """What a binding declares otherwise than the header, leaves out, or has too much. Enums and callbacks that it has
    no use for it may leave out whole; functions and structs not."""
    right = expected(header)
    if unknown := set(declared) - set(right):
        yield f"{min(unknown)}: no such section; there are {', '.join(right)}"
    if declared.get("abi_version") != right["abi_version"]:
        yield f"abi_version is {declared.get('abi_version')} instead of {right['abi_version']}"
    for section in SECTIONS:
        found: Mapping[str, Any] = declared.get(section, {})
        for name in found.keys() - right[section].keys():
            yield f"{section}: the header has no {name}"
        for name, wanted in right[section].items():
            if name in found:
                yield from _compare(f"{section}: {name}", wanted, found[name])
            elif section in ("functions", "structs"):
                yield f"{section}: {name} is not declared"


def _compare(place: str, wanted: Any, found: Any) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            yield from _compare(f"{place}: {key}", wanted.get(key), found.get(key))
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{place}: {len(found)} instead of {len(wanted)}"
        for number, (left, right) in enumerate(zip(wanted, found, strict=False)):
            yield from _compare(f"{place} {number}", left, right)
    elif wanted != found and (wanted, found) != ("size", "i64"):  # languages that have no size_t
        yield f"{place} is {found} instead of {wanted}"
