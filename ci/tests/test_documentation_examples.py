"""Examples of several languages as tabs, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci.documentation.examples import LANGUAGES, go_section, sections, with_tabs, wrong_examples

PAGE = """\
# Page

<!-- example: first (not TypeScript, Java: they print nothing) -->

```python
print(1)
```

<!-- example: second (not TypeScript, Java: they print nothing) -->
<!-- not run: it is long -->
```python
print(2)
```

<!-- example: third (Python only: nothing else counts to three) -->

```python
print(3)
```

<!-- not run: it is longer -->

```python
print(4)
```
"""
PROGRAM = """\
package main

func main() {
	// example: first
	if true {
		print(1)
	}
	// end of example
	// example: second
	print(2)
	// end of example
}
"""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "my-page.md").write_text(PAGE)
    program = tmp_path / "examples" / "golang" / "my-page" / "main.go"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    return tmp_path


def test_a_program_lies_where_its_language_has_it() -> None:
    places = [each.program("response-format", Path()).as_posix() for each in LANGUAGES]
    assert places == ["typescript/response-format.ts", "golang/response-format/main.go", "java/ResponseFormat.java"]


def test_examples_become_tabs(docs: Path) -> None:
    text = with_tabs(PAGE, "my-page", docs / "examples")
    assert '===! "Python"\n\n    ```python\n    print(1)\n    ```\n\n=== "Go"\n\n    ```go\n    if true {\n' in text
    assert "    \tprint(1)\n    }\n    ```" in text
    assert "    <!-- not run: it is long -->\n    ```python\n    print(2)" in text
    assert "\n```python\nprint(3)\n```\n" in text
    assert "example:" not in text
    assert list(wrong_examples(docs)) == []


def test_examples_one_after_another_are_tabs_of_their_own(docs: Path) -> None:
    text = with_tabs(PAGE, "my-page", docs / "examples")
    assert (text.count('===! "Python"'), text.count('=== "Go"'), text.count("===")) == (2, 2, 4)


def test_a_page_without_programs_has_no_tabs(docs: Path) -> None:
    assert "===" not in with_tabs(PAGE, "other-page", docs / "examples")


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("// example: second", "// example: third", "has no example 'second'"),
        ("// example: second", "// example: fourth", "no <!-- example: fourth --> on the page is for this language"),
        ("// example: second", "// example: third", "no <!-- example: third --> on the page is for this language"),
        ("\t// end of example\n\t// example: second", "\t// example: second", "begins before 'first' has ended"),
        ("\t// end of example\n}", "}", "'second' has no end"),
        ("\t// example: first\n", "", "ends that has not begun"),
    ],
)
def test_a_program_that_does_not_fit_its_page_is_told(docs: Path, old: str, new: str, wrong: str) -> None:
    program = docs / "examples" / "golang" / "my-page" / "main.go"
    program.write_text(PROGRAM.replace(old, new))
    assert any(wrong in each for each in wrong_examples(docs))


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("(not TypeScript, Java: they", "(not Java: they", "examples/typescript/my-page.ts has no example 'first'"),
        ("(not TypeScript, Java: they", "(not Go, C#: they", "left out for a language that is none: {'C#'}"),
        ("example: second", "example: first", "docs/my-page.md: there are two examples 'first'"),
        ("(Python only: nothing else counts to three)", "", "docs/my-page.md:17: this example has no"),
        ("<!-- example: third (Python only: nothing else counts to three) -->", "", ":17: this example has no"),
        ("<!-- not run: it is longer -->\n", "", "docs/my-page.md:22: this example has no"),
    ],
)
def test_a_page_whose_examples_lack_a_language_is_told(docs: Path, old: str, new: str, wrong: str) -> None:
    (docs / "my-page.md").write_text(PAGE.replace(old, new, 1))
    assert any(wrong in each for each in wrong_examples(docs)), list(wrong_examples(docs))


def test_what_is_pythons_own_needs_no_name(docs: Path) -> None:
    (docs / "compatibility.md").write_text("```python\nprint(1)\n```\n")
    assert list(wrong_examples(docs)) == []


def test_a_marker_without_python_and_a_program_without_a_page_are_told(docs: Path) -> None:
    (docs / "my-page.md").write_text(PAGE + "\n<!-- example: last -->\n\nText.\n")
    (docs / "examples" / "java").mkdir()
    (docs / "examples" / "java" / "Lost.java").write_text("")
    told = "\n".join(wrong_examples(docs))
    assert "docs/my-page.md: each <!-- example: NAME -->" in told
    assert "docs/examples/java/Lost.java belongs to no page" in told


def test_sections_keep_what_they_have_in_common_out() -> None:
    assert sections("  // example: a\n  x\n\n    y\n  // end of example") == {"a": "x\n\n  y"}


def test_a_section_may_be_in_pieces() -> None:
    piece = "{indent}// example: a\n{indent}{text}\n{indent}// end of example\n"
    text = piece.format(indent="", text="import x;") + "// more\n" + piece.format(indent="    ", text="x.y();")
    assert sections(text) == {"a": "import x;\n\nx.y();"}


def test_imports_of_go_are_shown_as_such() -> None:
    assert go_section('f("x")') == 'f("x")'
    assert go_section('"errors"\n\nf()') == 'import "errors"\n\nf()'
    pieces = '"context"\n"log"\n\n"example.com/b"\na "example.com/c"\n\n"errors"\n\nf()\n\ng()'
    imports = '\t"context"\n\t"errors"\n\t"log"\n\n\t"example.com/b"\n\ta "example.com/c"'
    assert go_section(pieces) == f"import (\n{imports}\n)\n\nf()\n\ng()"
