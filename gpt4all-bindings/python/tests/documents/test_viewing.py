"""Files by their numbers, what they say around a passage, and what became of them since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gpt4all import InvalidArgumentError, ModelNotFoundError
from gpt4all.documents import Documents

from .faking import FakeEmbedder
from .making import TEXT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "notes"
    path.mkdir()
    sections = [f"## Part {number}\n\n{'Plain words stand here. ' * 40}\n\n\n\n" for number in range(30)]
    sections[20] += f"{TEXT}\n\n"
    (path / "house.md").write_text("# House\n\n" + "".join(sections))
    return path


@pytest.fixture
def documents(tmp_path: Path, folder: Path) -> Iterator[Documents]:
    with Documents(tmp_path / "data", embedder=FakeEmbedder()) as opened:
        opened.add("notes", folder)
        opened.index()
        yield opened


def cited(documents: Documents) -> tuple[int, int, int]:
    """The file, and where in it TEXT is."""
    passage = documents.search("When is the rent due?", whole=False, limit=1).passages[0]
    assert passage.file_id is not None
    start = passage.path.read_text().index(TEXT)
    assert passage.start <= start < passage.end
    return passage.file_id, start, start + len(TEXT)


def test_a_passage_names_its_file(documents: Documents, folder: Path) -> None:
    number, *_ = cited(documents)
    file = documents.file(number)
    assert (file.path, file.collection, file.title, file.format) == (folder / "house.md", "notes", "House", "markdown")
    assert file == documents.files("notes")[0]
    assert file.compared() == "same"
    with pytest.raises(ModelNotFoundError, match="no file 999"):
        documents.file(999)


def test_the_text_around_a_passage_with_its_blocks(documents: Documents, folder: Path) -> None:
    whole = (folder / "house.md").read_text()
    number, start, end = cited(documents)
    shown = documents.text(number, start=start, end=end, around=1200)
    assert shown.current
    assert shown.total == len(whole)
    assert shown.text == whole[shown.start : shown.end]
    assert TEXT in shown.text
    assert len(shown.text) < 6000
    kinds = {whole[block.start : block.end].splitlines()[0]: (block.kind, block.headings) for block in shown.blocks}
    assert kinds["## Part 20"] == ("heading", ("House", "Part 20"))
    assert kinds[TEXT] == ("paragraph", ("House", "Part 20"))


def test_a_file_that_changed_is_told_and_shown_as_it_was_read(documents: Documents, folder: Path) -> None:
    number, start, end = cited(documents)
    before = documents.file(number)
    path = folder / "house.md"
    whole = path.read_text()
    path.write_text(whole.replace("fifth", "ninth"))
    assert documents.file(number).compared() == "changed"
    shown = documents.text(number, start=start, end=end, around=500)
    assert not shown.current
    assert shown.text[start - shown.start : end - shown.start] == TEXT
    for block in shown.blocks:
        assert whole[block.start : block.end] == shown.text[block.start - shown.start : block.end - shown.start]
    path.write_text(whole)  # another time of change, the same bytes
    assert documents.file(number).compared() == "same"
    path.write_text(whole + "More.")
    documents.index()
    assert documents.file(number).compared() == "same"
    assert documents.file(number).compared(before.sha256) == "changed"


def test_a_file_that_is_gone_is_still_shown(documents: Documents, folder: Path) -> None:
    number, start, end = cited(documents)
    (folder / "house.md").unlink()
    assert documents.file(number).compared() == "missing"
    documents.index()
    assert documents.file(number).state == "missing"
    shown = documents.text(number, start=start, end=end)
    assert TEXT in shown.text
    assert not shown.current


def test_a_renamed_file_is_found_by_its_number(documents: Documents, folder: Path) -> None:
    number, *_ = cited(documents)
    (folder / "house.md").rename(folder / "flat.md")
    documents.index()
    assert documents.file(number).path == folder / "flat.md"


def test_a_number_is_never_given_again(documents: Documents, folder: Path) -> None:
    number, *_ = cited(documents)
    documents.remove("notes")
    documents.add("notes", folder)
    documents.index()
    assert documents.files("notes")[0].id > number
    with pytest.raises(ModelNotFoundError):
        documents.file(number)


def test_wrong_places(documents: Documents) -> None:
    number, *_ = cited(documents)
    with pytest.raises(InvalidArgumentError):
        documents.text(number, start=-1)
    with pytest.raises(InvalidArgumentError):
        documents.page(number, 1, width=0)
    assert documents.text(number, start=10**9).text == ""
