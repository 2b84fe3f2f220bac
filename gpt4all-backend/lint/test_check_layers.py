"""Plants what check_layers.py is to find."""

from __future__ import annotations

import unittest

from check_layers import BINDINGS, mentions, system_offences


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

    def test_other_headers_are_not(self) -> None:
        """C++'s, llama.cpp's and our own."""
        includes = ("<vector>", "<nlohmann/json.hpp>", '"llama.h"', '"platform/process.h"', '"log.h"')
        self.assertEqual([], list(system_offences("".join(f"#include {name}\n" for name in includes))))


class Mentions(unittest.TestCase):
    """What names the bindings."""

    def test_lines_are_told(self) -> None:
        """By their numbers."""
        self.assertEqual([2], list(mentions(f"backend\nsee {BINDINGS}/corpus\n")))


if __name__ == "__main__":
    unittest.main()
