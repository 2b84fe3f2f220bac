"""Java: the C functions, callbacks and structs for the Foreign Function and Memory API, of Java 22 and later."""

from __future__ import annotations

from generate.compare import width
from generate.declarations import Callback, Function, Struct
from generate.description import Description
from generate.emitters.java import comment
from generate.text import HEADER, notice

PACKAGE = "io.gpt4all.internal"
PATH = f"gpt4all-bindings/java/gpt4all/src/main/java/{PACKAGE.replace('.', '/')}/Declarations.java"
LAYOUTS = {
    "i8": ("JAVA_BYTE", 1), "i16": ("JAVA_SHORT", 2), "i32": ("JAVA_INT", 4), "i64": ("JAVA_LONG", 8),
    "size": ("JAVA_LONG", 8), "f32": ("JAVA_FLOAT", 4), "f64": ("JAVA_DOUBLE", 8), "pointer": ("ADDRESS", 8),
}  # fmt: skip

TEMPLATE = """// {notice}
package {package};

import static java.lang.foreign.ValueLayout.*;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.util.Map;

/** What libllmodel exports, on machines of 64 bits. */
public final class Declarations {{
    /** The version of the interface that this is of. */
    public static final int ABI_VERSION = {version};

{members}
    private Declarations() {{}}
}}
"""


def emit(description: Description) -> dict[str, str]:
    header = description.header
    functions = [signature(each) for each in header.functions]
    callbacks = [signature(each) for each in header.declarations if isinstance(each, Callback)]
    names = ",\n".join(f'            Map.entry("{each.name}", {each.name.upper()})' for each in header.functions)
    every = (
        "    /** Every function, by its name. */\n    public static final Map<String, FunctionDescriptor> FUNCTIONS = "
        f"Map.ofEntries(\n{names});\n"
    )
    members = [*map(struct, header.structs), *callbacks, *functions, every]
    text = TEMPLATE.format(
        notice=notice(HEADER), package=PACKAGE, version=header.abi_version, members="\n".join(members)
    )
    return {PATH: text}


def signature(each: Function | Callback) -> str:
    parameters = [LAYOUTS[width(one.type)][0] for one in each.parameters]
    returned = width(each.returns)
    start = "ofVoid(" if returned == "void" else "of("
    arguments = ", ".join(parameters if returned == "void" else [LAYOUTS[returned][0], *parameters])
    return (
        f"{comment(each.documentation, '    ')}    public static final FunctionDescriptor {each.name.upper()} =\n"
        f"            FunctionDescriptor.{start}{arguments});\n"
    )


def struct(each: Struct) -> str:
    """A struct's layout. Raises ValueError if the compiler would leave room between its members."""
    offset, lines, told = 0, [], [each.documentation or f"The layout of {each.name}."]
    for field in each.fields:
        layout, size = LAYOUTS[width(field.type)]
        if offset % size:
            raise ValueError(f"{each.name}.{field.name} lies after a gap, which the layout for Java does not have")
        offset += size
        lines.append(f'            {layout}.withName("{field.name}")')
        told.append(f"- {field.name}: {field.documentation}")
    if offset % max(LAYOUTS[width(field.type)][1] for field in each.fields):
        raise ValueError(f"{each.name} ends with a gap, which the layout for Java does not have")
    inner = ",\n".join(lines)
    return (
        f"{comment(chr(10).join(told).replace(chr(10), chr(10) * 2), '    ')}"
        f"    public static final StructLayout {each.name.upper()} = MemoryLayout.structLayout(\n{inner});\n"
    )
