"""llmodel.h for bindings that are built where the backend's folder is not, such as a Go module or a npm package.

It has the declarations without the export macro, and LLMODEL_FUNCTIONS, a list from which the code that opens the
library at run time is made: X(returned type, name, (parameters), (arguments)) for each function.
"""

from __future__ import annotations

from generate.declarations import Declaration, Enum, Function, Struct
from generate.description import Description
from generate.emitters.python_declarations import declare
from generate.text import HEADER, notice, wrap

PATHS = ("gpt4all-bindings/golang/llmodel.h", "gpt4all-bindings/typescript/native/llmodel.h")
TOP = """/* clang-format off */
#ifndef LLMODEL_H
#define LLMODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
"""
BOTTOM = """#ifdef __cplusplus
}
#endif

#endif /* LLMODEL_H */
"""


def emit(description: Description) -> dict[str, str]:
    header = description.header
    parts = [
        f"/* {notice(HEADER)} */\n{comment(header.documentation)}{TOP}",
        *(f"{comment(each.documentation)}#define {each.name} {each.value}\n" for each in header.constants),
        *(f"{comment(each.documentation)}{documented(each)}" for each in header.declarations),
        f"/* Every function, for what opens the library at run time. */\n{functions(header.functions)}",
        BOTTOM,
    ]
    return dict.fromkeys(PATHS, "\n".join(parts))


def comment(text: str, indent: str = "") -> str:
    """A comment as the header has it."""
    if not text:
        return ""
    lines = wrap(text, 116 - len(indent))
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def documented(each: Declaration) -> str:
    """A declaration, with the comments on members above them."""
    text = declare(each)
    if isinstance(each, Enum):
        places = [(f"    {member.name} = ", member.documentation) for member in each.members]
    elif isinstance(each, Struct):
        places = [(f"    {field.type.declare(field.name)};", field.documentation) for field in each.fields]
    else:
        return text
    for line, documentation in places:
        text = text.replace(f"\n{line}", f"\n{comment(documentation, '    ')}{line}", 1)
    return text


def functions(each: tuple[Function, ...]) -> str:
    lines = []
    for function in each:
        parameters = ", ".join(one.type.declare(one.name) for one in function.parameters) or "void"
        arguments = ", ".join(one.name for one in function.parameters)
        lines.append(f"    X({function.returns.spelling.strip()}, {function.name}, ({parameters}), ({arguments}))")
    return "#define LLMODEL_FUNCTIONS(X) \\\n" + " \\\n".join(lines) + "\n"
