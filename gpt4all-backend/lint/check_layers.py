#!/usr/bin/env python3
"""What the backend's files may know of: the operating system in src/platform alone, and the bindings nowhere.

Prints each offence as file:line and exits with 1 if there is one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Set
from pathlib import Path

BACKEND = Path(__file__).resolve().parent.parent
SOURCE = BACKEND / "src"
BINDINGS = "gpt4all-" + "bindings"

# Everything else in angle brackets is taken for the operating system's.
STANDARD = set(
    "algorithm array atomic bit bitset cassert cctype cerrno charconv chrono cinttypes climits cmath compare "
    "concepts condition_variable cstdarg cstddef cstdint cstdio cstdlib cstring ctime deque exception filesystem "
    "format fstream functional future initializer_list iomanip iostream iterator limits list map memory mutex new "
    "numeric optional ostream queue random ranges regex set shared_mutex source_location span sstream stdexcept "
    "stop_token string string_view system_error thread tuple type_traits typeinfo unordered_map unordered_set "
    "utility variant vector".split()
)
VENDORED = ("nlohmann/",)

# What src/kernels may include besides: the processor's instructions, and C's headers, as ggml in C calls it.
OF_PROCESSORS = {"immintrin.h", "arm_neon.h", "stdbool.h", "stddef.h"}

INCLUDE = re.compile(r'\s*#\s*(?:include|include_next|import)\b\s*(?:<([^>]+)>|"([^"]+)"|(\w+))')
SYSTEM_HEADER = re.compile(
    r"(?:sys|linux|mach|mach-o|arpa|netinet|asm|bits)/|"
    r"(?:cpuid|dirent|dlfcn|fcntl|io|libproc|malloc|poll|process|pthread|pwd|sched|signal|spawn|termios|unistd|windows)\.h$",
    re.IGNORECASE,
)
SYSTEM_CONDITION = re.compile(
    r"\s*#\s*(?:el)?if(?:n?def)?\b.*\b("
    r"__(?:linux|unix|ANDROID|CYGWIN|FreeBSD|NetBSD|OpenBSD|MINGW32|MINGW64)__|__(?:APPLE|GLIBC|has_include)(?:__)?|"
    r"linux|unix|_WIN32|_WIN64|TARGET_OS_\w+)(?!\w)"
)


def system_offences(text: str, allowed: Set[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """The lines of a source outside platform/ that know the operating system, and what is wrong with each."""
    for number, line in enumerate(text.splitlines(), 1):
        if include := INCLUDE.match(line):
            angled, quoted, macro = include.groups()
            if macro:
                yield number, f"{macro} hides which header this is: name it"
            elif angled and angled not in STANDARD | allowed and not angled.startswith(VENDORED):
                yield number, f"<{angled}> is no header of C++'s: include it in src/platform and call that"
            elif quoted and SYSTEM_HEADER.match(quoted) and not (SOURCE / quoted).is_file():
                yield number, f'"{quoted}" is the operating system\'s: include it in src/platform and call that'
        elif condition := SYSTEM_CONDITION.match(line):
            yield number, f"{condition[1]} tells systems apart, which src/platform is for"


def mentions(text: str) -> Iterator[int]:
    """The lines that name the bindings' folder."""
    return (number for number, line in enumerate(text.splitlines(), 1) if BINDINGS in line)


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files below a folder that are text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def offences(backend: Path = BACKEND) -> Iterator[str]:
    """Every offence of the backend, as it is to be printed."""
    source = backend / "src"
    for path, text in texts(backend):
        name = path.relative_to(backend.parent)
        if path.is_relative_to(source) and not path.is_relative_to(source / "platform"):
            allowed = OF_PROCESSORS if path.is_relative_to(source / "kernels") else frozenset[str]()
            yield from (f"{name}:{number}: {why}" for number, why in system_offences(text, allowed))
        for number in mentions(text):
            yield f"{name}:{number}: the backend knows nothing of {BINDINGS}, which is built on it"


def main() -> int:
    """Prints the offences."""
    found = list(offences())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
