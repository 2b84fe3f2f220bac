"""Plants what check_llama_texts.py is to find."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from check_llama_texts import declared, missing

HEADER = """
struct LlamaText {
    int x;
};
inline constexpr LlamaText one{"an \\"error\\"", "src/a.cpp"}; // LlamaText in a comment
inline constexpr LlamaText two{
    "gone", "src/a.cpp"};
inline constexpr std::array three{
    LlamaText{"there", "src/b.cpp"},
};
"""


class Texts(unittest.TestCase):
    """What is read of the header and looked for in the source."""

    def test_every_text_is_read(self) -> None:
        """Of one line, of several, and of a list."""
        self.assertEqual(
            [('an \\"error\\"', "src/a.cpp"), ("gone", "src/a.cpp"), ("there", "src/b.cpp")], declared(HEADER)
        )

    def test_one_that_cannot_be_read_is_an_error(self) -> None:
        """So that none goes unchecked."""
        with self.assertRaises(ValueError):
            declared(HEADER + "inline constexpr LlamaText four = other;\n")

    def test_what_is_gone_is_told(self) -> None:
        """A text and a file."""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "src").mkdir()
            (Path(folder) / "src" / "a.cpp").write_text('throw "an \\"error\\"";')
            self.assertEqual(
                [
                    'src/a.cpp of llama.cpp no longer has "gone"',
                    'llama.cpp has no src/b.cpp, in which "there" is looked for',
                ],
                list(missing(HEADER, Path(folder))),
            )


if __name__ == "__main__":
    unittest.main()
