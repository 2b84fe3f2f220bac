"""llmodel.h is read whole, and what a binding could not carry over is refused with its line."""

from __future__ import annotations

import re

import pytest

from generate import header
from generate.build import HEADER
from generate.declarations import CType, Handle, Header
from generate.preprocessor import HeaderError

TOP = """/** A library. */
#ifndef LLMODEL_H
#define LLMODEL_H
#include <stdint.h>
#define LLMODEL_API __attribute__((visibility("default")))
/** Its version. */
#define LLMODEL_ABI_VERSION 7
"""


def read(body: str) -> Header:
    """What is read of a header with these declarations."""
    return header.parse(f"{TOP}{body}\n#endif\n")


def test_the_whole_header_is_read() -> None:
    text = HEADER.read_text(encoding="utf-8")
    found = header.parse(text)
    exported = re.findall(r"^LLMODEL_API[^;]*?\b(llmodel_\w+)\(", text, flags=re.MULTILINE)
    assert [each.name for each in found.functions] == exported
    assert len(found.declarations) - len(exported) == len(re.findall(r"^typedef", text, flags=re.MULTILINE))
    members = [member.name for enum in found.enums for member in enum.members]
    assert members == re.findall(r"^ +(LLMODEL_\w+) = \d+", text, flags=re.MULTILINE)


def test_every_function_and_every_failing_status_is_documented() -> None:
    found = header.read(HEADER)
    assert [each.name for each in found.functions if not each.documentation] == []
    status = found.enum("llmodel_status")
    assert [each.name for each in status.members if not each.documentation] == ["LLMODEL_OK"]


def test_no_comment_of_the_header_is_lost() -> None:
    text = HEADER.read_text(encoding="utf-8")
    found = header.parse(text)
    told = [found.documentation, *(each.documentation for each in (*found.constants, *found.declarations))]
    told += [member.documentation for enum in found.enums for member in enum.members]
    told += [field.documentation for struct in found.structs for field in struct.fields]
    assert len([each for each in told if each]) == text.count("/**")
    assert not any("/*" in each or "*/" in each or each.startswith("*") for each in told)


def test_types_are_read_as_c_means_them() -> None:
    found = read(
        "typedef struct llmodel_box llmodel_box;\n"
        "LLMODEL_API const char *llmodel_do(const char *text, char **out, llmodel_box **made, uint64_t n);"
    )
    (function,) = found.functions
    assert function.returns == CType("char", "char", 1, True)
    assert [parameter.type.declare(parameter.name) for parameter in function.parameters] == [
        "const char *text", "char **out", "llmodel_box **made", "uint64_t n",
    ]  # fmt: skip
    assert [parameter.type.kind for parameter in function.parameters] == ["char", "char", "handle", "integer"]
    assert found.declarations[0] == Handle("llmodel_box", "")
    assert (found.documentation, found.abi_version) == ("A library.", 7)
    assert found.constants[0].documentation == "Its version."


def test_comments_go_to_what_they_stand_beside() -> None:
    found = read(
        "/** One,\n *  in two lines.\n *\n * - first\n *   still first\n * - second */\n"
        "LLMODEL_API void llmodel_one(void);\n"
        "/* not documentation */\nLLMODEL_API\nvoid llmodel_two(void); // nor this\n"
        "/** Kinds. */\ntypedef enum llmodel_kind { LLMODEL_A = 0, /**< The first. */\n"
        "LLMODEL_B = 1 /**< The second,\n in two lines. */ } llmodel_kind;"
    )
    one, two, kind = found.declarations
    assert one.documentation == "One, in two lines.\n\n- first still first\n\n- second"
    assert (two.documentation, kind.documentation) == ("", "Kinds.")
    assert [member.documentation for member in found.enums[0].members] == ["The first.", "The second, in two lines."]


def test_what_is_for_cpp_and_windows_is_left_out() -> None:
    found = read(
        '#ifdef __cplusplus\nextern "C" {\n#endif\nLLMODEL_API void llmodel_one(void);\n#if defined(_WIN32)\n'
        "LLMODEL_API void llmodel_windows(void);\n#define ODD(x) x\n#else\n"
        "LLMODEL_API void llmodel_two(void);\n#endif\n"
        "#ifdef __cplusplus\n}\n#endif"
    )
    assert [each.name for each in found.functions] == ["llmodel_one", "llmodel_two"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("LLMODEL_API void llmodel_do();", "line 8: a function without parameters has"),
        ("LLMODEL_API void llmodel_do(int count);", "int is not known: use a type of fixed width"),
        ("LLMODEL_API long llmodel_do(void);", "long is not known"),
        ("LLMODEL_API void llmodel_do(unsigned int count);", "unsigned int is not known"),
        ("LLMODEL_API void llmodel_do(llmodel_other *it);", "is not C that the generators know|is not known"),
        ("LLMODEL_API void llmodel_do(const char *text, ...);", "their number is fixed"),
        ("LLMODEL_API void llmodel_do(const char *);", "every parameter has a name"),
        ("LLMODEL_API void llmodel_do(char *const text);", "a pointer that is itself const"),
        ("LLMODEL_API void llmodel_do(volatile char *text);", "volatile char is not understood"),
        ("LLMODEL_API void llmodel_do(const int32_t n);", "const int32_t is not understood"),
        ("LLMODEL_API void llmodel_do(char ***text);", "char with 3 pointers"),
        ("LLMODEL_API void llmodel_do(int32_t values[4]);", "only names of types, and pointers to them"),
        ("LLMODEL_API void llmodel_do(void (*f)(void));", "only names of types, and pointers to them"),
        ("LLMODEL_API char *llmodel_do(void);", "what is returned by pointer is borrowed"),
        ("void llmodel_do(void);", "llmodel_do is not exported"),
        ("LLMODEL_API static void llmodel_do(void);", "only plain functions"),
        ("LLMODEL_API inline void llmodel_do(void);", "only plain functions"),
        ("LLMODEL_API void do_it(void);", "does not begin with llmodel_"),
        ("LLMODEL_API int32_t llmodel_count;", "only functions and typedefs"),
        ("LLMODEL_API void llmodel_a(void), llmodel_b(void);", "declares several names"),
        ("typedef int32_t llmodel_id;", "only structs, enums and pointers to functions"),
        ("typedef union llmodel_u { int32_t a; float b; } llmodel_u;", "only structs, enums"),
        ("typedef struct other llmodel_box;", "llmodel_box has another tag: other"),
        ("typedef struct { int32_t a; } llmodel_box;", "llmodel_box has another tag: None"),
        ("struct llmodel_box { int32_t a; };", "only functions and typedefs"),
        ("typedef struct llmodel_box { int32_t a : 3; } llmodel_box;", "members of a struct are plain"),
        ("typedef struct llmodel_box { int32_t a[2]; } llmodel_box;", "only names of types"),
        ("typedef struct llmodel_box { struct { int32_t b; }; } llmodel_box;", "members of a struct are plain"),
        ("typedef enum llmodel_kind { LLMODEL_A } llmodel_kind;", "LLMODEL_A is not given as a plain number"),
        ("typedef enum llmodel_kind { LLMODEL_A = -1 } llmodel_kind;", "not given as a plain number"),
        ("typedef enum llmodel_kind { LLMODEL_A = 1 << 2 } llmodel_kind;", "not given as a plain number"),
        ("typedef enum llmodel_kind { LLMODEL_A = 0x10 } llmodel_kind;", "not given as a plain number"),
        ("typedef enum llmodel_kind { LLMODEL_A = 1, LLMODEL_B = 1 } llmodel_kind;", "two of the same number"),
        ("typedef enum llmodel_kind { OTHER_A = 1 } llmodel_kind;", "OTHER_A does not begin with LLMODEL_"),
        (
            "typedef struct llmodel_box llmodel_box;\nLLMODEL_API void llmodel_do(llmodel_box box);",
            "line 9: llmodel_box with 0 pointers",
        ),
        ("#define LLMODEL_FACTOR 1.5", "line 8: the macro LLMODEL_FACTOR stands for something else"),
        ("#define LLMODEL_MAX(a, b) a", "stands for something else than a plain number"),
        ("#pragma pack(1)", "line 8: #pragma pack.1. is not understood"),
        ("#include <stdbool.h>", "#include <stdbool.h> is not understood"),
        ("#if LLMODEL_ABI_VERSION > 1\n#endif", "only names that are defined or not"),
        ("#ifdef A\n#elif B\n#endif", "line 9: #elif is not understood here"),
        ("#ifdef A", "a condition has no #endif"),
        ("#define LLMODEL_LONG \\\n 1", "line 8: a preprocessor line that goes on"),
        ("#endif\n#else", "#else is not understood here"),
        ("/* without an end", "line 8: a comment does not end"),
        ("/** For nothing. */", "line 8: a documentation comment belongs to nothing"),
        ("/** Lost. */\n/** Kept. */\nLLMODEL_API void llmodel_do(void);", "line 8: a documentation comment"),
        ("LLMODEL_API void llmodel_do(void); /**< Beside. */", "line 8: a documentation comment belongs to nothing"),
        ("/// Of another kind.\nLLMODEL_API void llmodel_do(void);", "line 8: documentation is written"),
        ("LLMODEL_API void llmodel_do(void", "is not C that the generators know"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(body: str, told: str) -> None:
    with pytest.raises(HeaderError, match=told):
        read(body)


def test_a_header_without_its_version_is_refused() -> None:
    with pytest.raises(HeaderError, match="LLMODEL_ABI_VERSION"):
        header.parse("#ifndef LLMODEL_H\n#define LLMODEL_H\n#endif\n")
