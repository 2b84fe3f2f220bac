"""What a function's docstring says of it and of its parameters, in the styles of Google, NumPy and Sphinx.

Not by the package docstring_parser, which gives up a whole docstring for one line that it cannot read: here a parameter
that is described is known to the model, whatever stands around it.
"""

from __future__ import annotations

import re

_SECTION = re.compile(
    r"(args|arguments|parameters|params|returns?|yields?|raises|examples?|notes?|see also|warnings?|attributes)\s*:?",
    re.IGNORECASE,
)
_PARAMETERS = ("args", "arguments", "parameters", "params")
_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")
_NUMPY = re.compile(r"\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::\s*.*)?")
_SPHINX = re.compile(r":(?:param|parameter|arg|argument)\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)")
_SPHINX_FIELD = re.compile(r":\w+(?:\s[^:]*)?:")


def parse(text: str) -> tuple[str, dict[str, str]]:
    """The description, which is what stands before the first section, and the parameters' by their names.

    text: a docstring as inspect.getdoc() gives it.
    """
    lines = text.splitlines()
    summary: list[str] = []
    parameters: dict[str, str] = {}
    index = 0
    while index < len(lines):
        line = lines[index]
        if _SPHINX_FIELD.match(line):
            break
        if title := _title(lines, index):
            if title in _PARAMETERS:
                parameters.update(_section(lines, index + 1))
            break
        summary.append(line)
        index += 1
    for other in range(index + 1, len(lines)):
        if _title(lines, other) in _PARAMETERS:
            parameters.update(_section(lines, other + 1))
    parameters.update(_sphinx(lines))
    return _join(summary), parameters


def _title(lines: list[str], index: int) -> str | None:
    """The name of the section that begins at a line, if one does: "Args:", or "Parameters" that is underlined."""
    line = lines[index]
    if line[:1].isspace() or not _SECTION.fullmatch(line.strip()):
        return None
    underlined = index + 1 < len(lines) and re.fullmatch(r"\s*-{3,}\s*", lines[index + 1])
    return line.strip().rstrip(":").strip().lower() if line.rstrip().endswith(":") or underlined else None


def _section(lines: list[str], begin: int) -> dict[str, str]:
    numpy = begin < len(lines) and lines[begin].strip().startswith("---")
    pattern, body = (_NUMPY, lines[begin + 1 :]) if numpy else (_GOOGLE, lines[begin:])
    found: dict[str, list[str]] = {}
    current: list[str] = []
    indent: int | None = None
    for number, line in enumerate(body):
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        if _title(body, number) or (depth == 0 and not numpy):
            break
        if indent is None:
            indent = depth
        match = pattern.fullmatch(line.strip()) if depth <= indent else None
        if match:
            current = [] if numpy else [match[2]]
            for name in re.split(r"\s*,\s*", match[1]):
                found[name] = current
        else:
            current.append(line.strip())
    return {name: _join(parts) for name, parts in found.items()}


def _sphinx(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in lines:
        if match := _SPHINX.match(line):
            current = found.setdefault(match[1], [])
            current.append(match[2])
        elif _SPHINX_FIELD.match(line) or not line.strip():
            current = None
        elif current is not None:
            current.append(line.strip())
    return {name: _join(parts) for name, parts in found.items()}


def _join(lines: list[str]) -> str:
    """Paragraphs of one line each."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n\n".join(" ".join(part.split()) for part in paragraphs if part.strip())
