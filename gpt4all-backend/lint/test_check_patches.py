"""Plants what check_patches.py is to find."""

from __future__ import annotations

import unittest

from check_patches import faults, series_faults

GOOD = """From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: Someone <someone@example.invalid>
Date: Sat, 28 Nov 2026 12:00:00 +0000
Subject: [PATCH] Do it

It was not done.
---
diff --git a/a b/a
"""


class Messages(unittest.TestCase):
    """What a patch says of itself."""

    def test_a_whole_one_passes(self) -> None:
        """With a line --- before the changes, as with a list of files, or without."""
        self.assertEqual([], list(faults(GOOD)))
        self.assertEqual([], list(faults(GOOD.replace("---\n", ""))))

    def test_each_fault_is_told(self) -> None:
        """One at a time."""
        for old, new, told in (
            ("Subject: [PATCH] Do it\n", "", "no line Subject"),
            ("From: Someone <someone@example.invalid>\n", "", "no line From"),
            ("Do it", "Do it " * 20, "its subject has"),
            ("It was not done.\n", "", "does not say why"),
            ("It was not done.", "It was not done. " * 5, "a line of its message"),
            ("---\ndiff --git a/a b/a\n", "", "no changes"),
        ):
            with self.subTest(told):
                found = list(faults(GOOD.replace(old, new, 1)))
                self.assertEqual(1, len(found), found)
                self.assertIn(told, found[0])

    def test_a_bare_diff_is_told(self) -> None:
        """As git diff writes it."""
        self.assertIn("it has no line Subject:", list(faults(GOOD[GOOD.index("diff") :])))


class Series(unittest.TestCase):
    """The patches together."""

    def test_numbers_have_no_gap(self) -> None:
        """And begin with 1."""
        self.assertEqual([], list(series_faults(["0001-a.patch", "0002-b.patch"], "| 0001 | a |\n| 0002 | b |\n")))
        for names in (["0001-a.patch", "0003-b.patch"], ["0002-a.patch"], ["1-a.patch"]):
            with self.subTest(names):
                self.assertIn("without a gap", next(series_faults(names, "")))

    def test_all_are_listed(self) -> None:
        """In the README."""
        self.assertEqual(1, len(list(series_faults(["0001-a.patch", "0002-b.patch"], "| 0001 | a |\n"))))


if __name__ == "__main__":
    unittest.main()
