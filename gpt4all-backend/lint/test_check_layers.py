"""Plants what check_layers.py is to find."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from check_layers import BINDINGS, mentions, offences, system_offences


class SystemHeaders(unittest.TestCase):
    """What knows the operating system."""

    def test_every_kind_of_header_is_found(self) -> None:
        """In angle brackets and in quotes, indented and spaced."""
        for include in ("<unistd.h>", "<sys/stat.h>", "< windows.h >", '"pthread.h"', "<mach/mach.h>", "<cpuid.h>"):
            with self.subTest(include):
                self.assertEqual([1], [line for line, _ in system_offences(f"  #  include {include}\n")])

    def test_what_tells_systems_apart_is_found(self) -> None:
        """As a condition, not in a text."""
        text = 'auto a = "__linux__";\n#if defined(__linux__) && !defined(X)\n#endif\n#ifdef _WIN32\n#endif\n'
        self.assertEqual([2, 4], [line for line, _ in system_offences(text)])

    def test_other_ways_to_tell_them_apart_are_found(self) -> None:
        """Other systems, and whether a header is there."""
        for condition in (
            "#ifdef __FreeBSD__",
            "#ifndef _WIN64",
            "#elif defined(__ANDROID__)",
            "#elifdef __APPLE__",
            "# if TARGET_OS_IPHONE",
            "#if __has_include(<unistd.h>)",
            "#if __GLIBC__ > 2",
        ):
            with self.subTest(condition):
                self.assertEqual(1, len(list(system_offences(condition))))
        self.assertEqual([], list(system_offences("#if defined(__x86_64__)\n#ifdef NDEBUG\n#ifndef linuxish\n")))

    def test_a_header_behind_a_macro_is_found(self) -> None:
        """As nobody could tell which it is."""
        self.assertEqual([1], [line for line, _ in system_offences("#include SYSTEM_HEADER\n")])

    def test_other_headers_are_not(self) -> None:
        """C++'s, llama.cpp's and our own."""
        includes = ("<vector>", "<nlohmann/json.hpp>", '"llama.h"', '"platform/process.h"', '"log.h"')
        self.assertEqual([], list(system_offences("".join(f"#include {name}\n" for name in includes))))


class Trees(unittest.TestCase):
    """A whole backend."""

    def test_each_file_is_looked_at(self) -> None:
        """The system's headers below src alone, and not in its platform; names of the bindings anywhere."""
        with tempfile.TemporaryDirectory() as folder:
            backend = Path(folder) / "backend"
            for name, text in (
                ("src/platform/files.cpp", "#include <unistd.h>\n"),
                ("src/kernels/simd.h", "#include <immintrin.h>\n#include <unistd.h>\n"),
                ("src/engine/simd.h", "#include <immintrin.h>\n"),
                ("src/engine/deep/engine.cpp", "\n#include <unistd.h>\n"),
                ("tests/test.cpp", "#include <unistd.h>\n"),
                ("CMakeLists.txt", f"include(../{BINDINGS}/corpus)\n"),
                ("src/platform/README.md", f"See {BINDINGS}.\n"),
            ):
                path = backend / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            (backend / "model.gguf").write_bytes(b"GGUF\xff\xfe")
            self.assertEqual(
                [
                    "backend/CMakeLists.txt:1",
                    "backend/src/engine/deep/engine.cpp:2",
                    "backend/src/engine/simd.h:1",
                    "backend/src/kernels/simd.h:2",
                    "backend/src/platform/README.md:1",
                ],
                [":".join(each.split(":")[:2]) for each in offences(backend)],
            )


class Mentions(unittest.TestCase):
    """What names the bindings."""

    def test_lines_are_told(self) -> None:
        """By their numbers."""
        self.assertEqual([2], list(mentions(f"backend\nsee {BINDINGS}/corpus\n")))


if __name__ == "__main__":
    unittest.main()
