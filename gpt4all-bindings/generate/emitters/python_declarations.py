"""gpt4all/_declarations.py: the C declarations as cffi takes them, and the numbers of the enums."""

from __future__ import annotations

from generate.declarations import Callback, Declaration, Enum, Function, Handle, Struct
from generate.description import Description
from generate.text import HEADER, notice

WIDTH = 100
PATH = "gpt4all-bindings/python/gpt4all/_declarations.py"

TEMPLATE = '''"""The C declarations of libllmodel. {notice}"""

from __future__ import annotations

ABI_VERSION = {abi_version}

STATUS = {{
{status}}}

LOG_LEVELS = {{
{log_levels}}}

EVENT_KINDS = {{
{event_kinds}}}

CDEF = """\\
{cdef}"""
'''


def emit(description: Description) -> dict[str, str]:
    header = description.header

    def table(name: str) -> str:
        return "".join(f'    "{key}": {value},\n' for key, value in header.enum(name).values().items())

    text = TEMPLATE.format(
        notice=notice(HEADER),
        abi_version=header.abi_version,
        status=table("llmodel_status"),
        log_levels=table("llmodel_log_level"),
        event_kinds=table("llmodel_event_kind"),
        cdef="".join(declare(each) for each in header.declarations),
    )
    return {PATH: text}


def declare(each: Declaration) -> str:
    """A declaration in C."""
    if isinstance(each, Handle):
        return f"typedef struct {each.name} {each.name};\n"
    if isinstance(each, Enum):
        members = ",\n".join(f"    {member.name} = {member.value}" for member in each.members)
        return f"typedef enum {each.name} {{\n{members}\n}} {each.name};\n"
    if isinstance(each, Struct):
        fields = "".join(f"    {field.type.declare(field.name)};\n" for field in each.fields)
        return f"typedef struct {each.name} {{\n{fields}}} {each.name};\n"
    return _signature(each)


def _signature(each: Function | Callback) -> str:
    name = f"(*{each.name})" if isinstance(each, Callback) else each.name
    typedef = "typedef " if isinstance(each, Callback) else ""
    parameters = [parameter.type.declare(parameter.name) for parameter in each.parameters] or ["void"]
    lines = [f"{typedef}{each.returns.declare(name)}({parameters[0]}"]
    for parameter in parameters[1:]:
        lines[-1] += ","
        if len(lines[-1]) + len(parameter) > WIDTH:
            lines.append(f"    {parameter}")
        else:
            lines[-1] += f" {parameter}"
    return "\n".join(lines) + ");\n"
