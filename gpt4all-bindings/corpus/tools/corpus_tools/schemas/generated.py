"""Schemas and patterns that hypothesis makes up, of the keywords of draft 7 that a grammar can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "name", "x-y", 'q"uote', "é")
PATTERNS = ("^[a-z]{1,3}$", "^a|b$", "^[0-9]+(\\.[0-9])?$", "^x.*y$", "^(?!no)[a-z]{2}$", "^$")
FORMATS = ("date", "time", "ipv4", "uuid")
SMALL = st.integers(-30, 30)
COUNTS = st.integers(0, 3)
SCALARS = st.one_of(st.none(), st.booleans(), SMALL, st.sampled_from(["", "a", "b", "ab", "é", '"', "\\", "\n"]))
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.sampled_from(NAMES), SCALARS, max_size=2))

Schemas = st.SearchStrategy[Any]


def _with(kind: str, **keywords: st.SearchStrategy[Any]) -> Schemas:
    """A schema of a type with some of the keywords."""
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=keywords)


def _decimals() -> st.SearchStrategy[Any]:
    return st.one_of(SMALL, st.sampled_from([0.5, -1.25, 2.75, 1e3]))


def _leaves() -> Schemas:
    return st.one_of(
        st.booleans(),
        st.just({}),
        st.fixed_dictionaries({"const": VALUES}),
        st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=4)}),
        st.fixed_dictionaries({"type": st.sampled_from(["null", "boolean", "integer", "number", "string"])}),
        st.fixed_dictionaries({"type": st.just(["string", "integer", "null"])}),
        _with("integer", minimum=SMALL, maximum=SMALL, multipleOf=st.integers(1, 7)),
        _with("number", exclusiveMinimum=_decimals(), maximum=_decimals(), multipleOf=st.sampled_from([0.5, 0.25, 3])),
        _with("string", minLength=COUNTS, maxLength=st.integers(0, 6)),
        _with("string", pattern=st.sampled_from(PATTERNS), maxLength=st.integers(2, 8)),
        _with("string", format=st.sampled_from(FORMATS)),
    )


def _containers(inner: Schemas) -> Schemas:
    names = st.sampled_from(NAMES)
    return st.one_of(
        _with("array", items=inner, minItems=COUNTS, maxItems=st.integers(0, 4), uniqueItems=st.booleans()),
        _with("array", items=st.lists(inner, min_size=1, max_size=3), additionalItems=inner, minItems=COUNTS),
        _with("array", items=inner, contains=inner, maxItems=st.integers(1, 3)),
        _with(
            "object",
            properties=st.dictionaries(names, inner, max_size=3),
            required=st.lists(names, unique=True, max_size=2),
            additionalProperties=inner,
        ),
        _with("object", properties=st.dictionaries(names, inner, max_size=3), maxProperties=COUNTS),
        _with(
            "object",
            patternProperties=st.dictionaries(st.just("^[a-z]$"), inner),
            propertyNames=st.just({"maxLength": 3}),
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
    )


def _conditions(inner: Schemas) -> Schemas:
    return st.one_of(
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner}, optional={"else": inner}),
        st.fixed_dictionaries(
            {"type": st.just("object"), "dependencies": st.dictionaries(st.sampled_from(NAMES), inner)}
        ),
    )


PLAIN = st.recursive(_leaves(), _containers, max_leaves=6)
ALL = st.recursive(_leaves(), lambda inner: st.one_of(_containers(inner), _conditions(inner)), max_leaves=6)


@dataclass(frozen=True)
class Pattern:
    """A regular expression as ECMA-262 writes it, and as Python does."""

    ecma: str
    python: str


# What the two read otherwise, and how Python writes the same.
CLASSES = {
    ".": "[^\\n\\r\\u2028\\u2029]",
    "\\d": "[0-9]",
    "\\D": "[^0-9]",
    "\\w": "[A-Za-z0-9_]",
    "\\W": "[^A-Za-z0-9_]",
    "\\s": "[\\t-\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]",
}
MEMBERS = ("a", "b", "a-f", "0-9", "x-z", "\\.", "\\]", "\\\\", "\\-", "_", "é", "\\n")
LITERALS = ("a", "b", "ab", "0", "é", "-", "\\.", "\\\\", "/", '"', "\\n", "\\x41", "\\u00e9", "\U0001f600")
TIMES = ("", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "{0}")


def _atoms() -> st.SearchStrategy[Pattern]:
    members = st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3)
    listed = st.tuples(st.sampled_from(["", "^"]), members).map(lambda each: f"[{each[0]}{''.join(each[1])}]")
    return st.one_of(
        st.sampled_from(LITERALS).map(lambda text: Pattern(f"(?:{text})", f"(?:{text})")),
        listed.map(lambda text: Pattern(text, text)),
        st.sampled_from(list(CLASSES.items())).map(lambda pair: Pattern(*pair)),
    )


def _larger(inner: st.SearchStrategy[Pattern]) -> st.SearchStrategy[Pattern]:
    def group(one: Pattern, opening: str, times: str) -> Pattern:
        return Pattern(f"{opening}{one.ecma}){times}", f"{opening}{one.python}){times}")

    def joined(parts: list[Pattern], between: str) -> Pattern:
        return Pattern(between.join(part.ecma for part in parts), between.join(part.python for part in parts))

    return st.one_of(
        st.builds(group, inner, st.sampled_from(["(", "(?:"]), st.sampled_from(TIMES)),
        st.builds(joined, st.lists(inner, min_size=2, max_size=3), st.sampled_from(["", "", "|"])),
    )


def _anchored(inner: Pattern, begin: bool, end: bool) -> Pattern:
    return Pattern(
        f"{'^' if begin else ''}(?:{inner.ecma}){'$' if end else ''}",
        f"{'^' if begin else ''}(?:{inner.python}){chr(92) + 'Z' if end else ''}",
    )


PATTERN = st.builds(_anchored, st.recursive(_atoms(), _larger, max_leaves=6), st.booleans(), st.booleans())
