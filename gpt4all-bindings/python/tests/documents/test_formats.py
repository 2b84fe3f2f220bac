"""What is read from a document of each format: text, headings, pages, title."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from pptx.util import Inches

from gpt4all.documents import Reader, Text

from . import making
from .making import TEXT


def found(text: Text, words: str) -> tuple[tuple[str, ...], int | None, str]:
    """Where some words stand: the headings above, the page, the kind of the block."""
    block = next(each for each in text.blocks if words in text.text[each.start : each.end])
    return block.headings, block.page, block.kind


def test_plain_text_stays_as_it_is(reader: Reader, tmp_path: Path) -> None:
    content = f"First line\nand second.\r\n\r\n  {TEXT}\n\n\nLast.\n"
    path = tmp_path / "a.txt"
    path.write_bytes(content.encode())
    text = reader.read(path)
    assert text.text == content
    parts = [text.text[each.start : each.end] for each in text.blocks]
    assert parts == ["First line\nand second.", f"  {TEXT}", "Last."]
    assert (text.pages, text.title) == (None, "")
    assert text.sha256 == hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-8"])
def test_encodings(reader: Reader, tmp_path: Path, encoding: str) -> None:
    content = "Die Miete für das Häuschen wird fällig, während der Frühling über die Höhen zieht. " * 5
    path = tmp_path / "a.txt"
    path.write_bytes(content.encode(encoding))
    assert reader.read(path).text == content


def test_markdown(reader: Reader, tmp_path: Path) -> None:
    content = (
        f"---\ntags: a\n---\n\n# House\n\nIntro.\n\n## Money\n\n{TEXT}\n\n```py\n# no heading\nx = 1\n```\n\n"
        "Under\n-----\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    path = tmp_path / "a.md"
    path.write_text(content)
    text = reader.read(path)
    assert text.text == content
    assert text.title == "House"
    assert found(text, "due on the fifth") == (("House", "Money"), None, "paragraph")
    assert found(text, "# no heading")[2] == "code"
    assert found(text, "| 1 | 2 |") == (("House", "Under"), None, "table")
    assert not any("tags" in text.text[each.start : each.end] for each in text.blocks)


def test_rst(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.rst"
    path.write_text(f"=====\nHouse\n=====\n\nIntro.\n\nMoney\n-----\n{TEXT}\n\nOther\n-----\n\nEnd.\n")
    text = reader.read(path)
    assert text.title == "House"
    assert found(text, "due on the fifth") == (("House", "Money"), None, "paragraph")
    assert found(text, "End.")[0] == ("House", "Other")


def test_html(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(
        (
            "<meta charset=iso-8859-1><title>Das H\u00e4uschen</title><style>p {}</style><script>alert('no')</script>"
            f"<h1>House</h1><p>A <b>bold</b>\nword<br>next.<div hidden>secret</div><h2>M<i>on</i>ey</h2><p>{TEXT}"
            "<ul><li>one<li>two</ul><pre>  a\n    b</pre><table><tr><th>k<th>v<tr><td>1<td>2</table>"
        ).encode("latin-1")
    )
    text = reader.read(path)
    assert text.title == "Das H\u00e4uschen"
    assert "secret" not in text.text
    assert "alert" not in text.text
    assert found(text, "A bold word\nnext.")[0] == ("House",)
    assert found(text, "due on the fifth") == (("House", "Money"), None, "paragraph")
    assert found(text, "  a\n    b")[2] == "code"
    assert found(text, "1 | 2")[2] == "table"
    assert "- one\n\n- two" in text.text


def test_pdf(reader: Reader, tmp_path: Path) -> None:
    path = making.pdf(tmp_path / "a.pdf", [["First page."], [], ["Third", TEXT]], title="House")
    text = reader.read(path)
    assert (text.pages, text.title) == (3, "House")
    assert found(text, "First page.")[1] == 1
    assert found(text, "due on the fifth")[1] == 3


def test_docx(reader: Reader, tmp_path: Path) -> None:
    document: Any = docx.Document()
    document.core_properties.title = "House"
    document.add_heading("Money", 1)
    document.add_heading("Rent", 2)
    document.add_paragraph(TEXT)
    document.add_paragraph("an item", style="List Bullet")
    table = document.add_table(2, 2)
    for number, cell in enumerate(each for row in table.rows for each in row.cells):
        cell.text = f"cell {number}"
    path = tmp_path / "a.docx"
    document.save(str(path))
    text = reader.read(path)
    assert text.title == "House"
    assert found(text, "due on the fifth") == (("Money", "Rent"), None, "paragraph")
    assert found(text, "cell 2 | cell 3") == (("cell 0 | cell 1",), None, "table")
    assert "- an item" in text.text


def test_pptx(reader: Reader, tmp_path: Path) -> None:
    presentation: Any = pptx.Presentation()
    for title in ("House", "Money"):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = title
        box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(4), Inches(1))
        box.text_frame.text = f"{title}: {TEXT}"
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    path = tmp_path / "a.pptx"
    presentation.save(str(path))
    text = reader.read(path)
    assert text.pages == 2
    assert found(text, f"Money: {TEXT}") == (("Money",), 2, "paragraph")
    assert found(text, "Say it slowly.")[1] == 2


def test_xlsx(reader: Reader, tmp_path: Path) -> None:
    book: Any = openpyxl.Workbook()
    book.active.title = "Empty"
    sheet = book.create_sheet("Money")
    sheet.append(["What", "Day"])
    sheet.append(["rent", 5])
    path = tmp_path / "a.xlsx"
    book.save(path)
    text = reader.read(path)
    assert text.pages == 2
    assert found(text, "rent | 5") == (("Money", "What | Day"), 2, "table")


def test_odt(reader: Reader, tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="1">Money</text:h><text:tracked-changes><text:p>old</text:p></text:tracked-changes>'
        f'<text:p>{TEXT}<text:line-break/>a<text:s text:c="2"/>b</text:p><table:table><table:table-row>'
        "<table:table-cell><text:p>x</text:p></table:table-cell><table:table-cell><text:p>y</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    text = reader.read(making.odt(tmp_path / "a.odt", body))
    assert text.title == "The house"
    assert found(text, f"{TEXT}\na  b") == (("Money",), None, "paragraph")
    assert found(text, "x | y")[2] == "table"
    assert "old" not in text.text


def test_epub(reader: Reader, tmp_path: Path) -> None:
    text = reader.read(making.epub(tmp_path / "a.epub", ["<h1>One</h1><p>Begin.", f"<h1>Two</h1><p>{TEXT}"]))
    assert (text.title, text.pages) == ("A book", 2)
    assert found(text, "due on the fifth") == (("Two",), 2, "paragraph")


def test_csv(reader: Reader, tmp_path: Path) -> None:
    rows = "".join(f'row {number},"two\nlines"\n' for number in range(120))
    path = tmp_path / "a.csv"
    path.write_text(f"name,note\n{rows}")
    text = reader.read(path)
    assert text.text == path.read_text()
    assert [each.kind for each in text.blocks] == ["heading", "table", "table", "table"]
    assert found(text, "row 119,") == (("name,note",), None, "table")
    assert text.text[text.blocks[2].start :].startswith("row 50,")


def test_source_code(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import os\n\n\nclass House:\n    a = 1\n\n    def rent(self):\n        return 5\n\n\nx = 2\n")
    text = reader.read(path)
    assert found(text, "def rent") == (("class House:",), None, "code")
    assert found(text, "x = 2")[0] == ()


def test_spans_are_of_the_text(reader: Reader, tmp_path: Path) -> None:
    """For a text that is put together: blocks follow each other, and nothing is between them but an empty line."""
    text = reader.read(making.epub(tmp_path / "a.epub", [f"<h1>{n}</h1><p>{TEXT}<p>More." for n in range(5)]))
    for before, after in pairwise(text.blocks):
        assert text.text[before.end : after.start] == "\n\n"
    assert (text.blocks[0].start, text.blocks[-1].end) == (0, len(text.text))
