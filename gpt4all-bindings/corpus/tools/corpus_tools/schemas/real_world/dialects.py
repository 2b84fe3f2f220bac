"""Schemas of other dialects in words that Python's validators understand."""

from __future__ import annotations

import re
from typing import Any

_SPACES = "\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": _SPACES}
_TOKEN = re.compile(r"\\.|[\[\].$]", re.DOTALL)


def for_validators(schema: Any) -> Any:
    """A schema that says in JSON Schema what OpenAPI 3.0 says by "nullable" and by bounds that are exclusive by true,
    and in Python's regular expressions what is said in ECMA-262's."""
    if isinstance(schema, list):
        return [for_validators(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: for_validators(value) for name, value in schema.items()}
    if said.get("nullable") is True and isinstance(said.get("type"), str):
        said["type"] = [said["type"], "null"]
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(said.get(exclusive), bool) and said.pop(exclusive):
            said[exclusive] = said.pop(bound)
    if isinstance(said.get("pattern"), str):
        said["pattern"] = in_python(said["pattern"])
    if isinstance(patterns := said.get("patternProperties"), dict):
        said["patternProperties"] = {in_python(pattern): value for pattern, value in patterns.items()}
    return said


def in_python(pattern: str) -> str:
    """ECMA-262's pattern for Python's re, which takes more characters as digits, letters and parts of lines, others as
    spaces, and a text's end before a line break."""
    inside = False

    def said(found: re.Match[str]) -> str:
        nonlocal inside
        token = found[0]
        if token == "]" or (token == "[" and not inside):
            inside = token == "["
        elif not inside and token in ("$", "."):
            return r"\Z" if token == "$" else "[^\n\r\u2028\u2029]"
        elif token[0] == "\\" and token[1].lower() in _CLASSES:
            members, negated = _CLASSES[token[1].lower()], token[1].isupper()
            if inside and not negated:
                return members
            if not inside:
                return f"[{'^' if negated else ''}{members}]"
        return token

    return _TOKEN.sub(said, pattern)
