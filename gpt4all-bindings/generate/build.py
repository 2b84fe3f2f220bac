"""Puts the description together from the two files that everything is made from, and compares what both say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from generate import header, schema
from generate.declarations import Enum, Header, Member
from generate.definitions import Alias, Object
from generate.description import Description, Event, Operation

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "gpt4all-backend" / "include" / "llmodel.h"
SCHEMA = ROOT / "gpt4all-backend" / "schema" / "llmodel.schema.json"


def describe(header_path: Path = HEADER, schema_path: Path = SCHEMA) -> Description:
    """Reads both files. Raises HeaderError, SchemaError, or ValueError where they contradict each other."""
    return combine(header.read(header_path), schema.read(schema_path))


def combine(head: Header, definitions: tuple[Object | Alias, ...]) -> Description:
    """A description of both. Raises ValueError where they contradict each other."""
    known = {each.name for each in definitions}
    told = _documentation(head)
    named = set(re.findall(r"\$defs/(\w+)", told))
    if missing := named - known:
        raise ValueError(f"llmodel.h speaks of $defs/{min(missing)}, which the schema does not have")
    listed = re.search(r"`operation` is one of ([a-z_, ]+);", told)
    if listed is None:
        raise ValueError("the comment on llmodel_submit() does not say what `operation` is one of")
    operations = tuple(Operation(name, f"{name}_request", f"{name}_result") for name in listed[1].split(", "))
    for each in operations:
        if missing := {each.request, each.result} - known:
            raise ValueError(f"llmodel.h has the operation {each.name}, but the schema has no {min(missing)}")
    requests = {name for name in known if name.endswith("_request")} - {each.request for each in operations} - named
    if requests:
        raise ValueError(f"the schema has {min(requests)}, of which llmodel.h does not speak")
    events = head.enum("llmodel_event_kind")
    return Description(head, operations, tuple(_event(events, each) for each in events.members), definitions)


# How the comment on a kind of event begins or ends that says what its data is.
_DATA: tuple[tuple[Literal["none", "text", "floats", "json", "result"], str], ...] = (
    ("result", r"^JSON `\$defs/<operation>_result`"),
    ("json", r"^JSON `\$defs/(\w+)`"),
    ("text", r"^UTF-8,"),
    ("floats", r"^float32\b"),
    ("none", r"\bNo data\.$|\bgives no event\.$"),
)


def _event(enum: Enum, member: Member) -> Event:
    for data, pattern in _DATA:
        if match := re.search(pattern, member.documentation):
            definition = match[1] if data == "json" else ""
            return Event(enum.short(member), member.value, data, definition, member.documentation)
    raise ValueError(f"the comment on {member.name} does not say what the event's data is, as the others do")


def _documentation(head: Header) -> str:
    parts = [each.documentation for each in head.declarations]
    return "\n".join(parts + [member.documentation for each in head.enums for member in each.members])
