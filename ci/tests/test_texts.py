"""Checks of texts: what is prose, and which words are misspelt."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ci import files, texts


def test_prose_of_markdown_has_no_code_and_keeps_its_lines() -> None:
    text = "Some color.\n```sh\ncolor\n```\n[colors](color.md) and `color`,\nhttps://example.org/color\n"
    prose = texts.prose_of_markdown(text)
    assert prose.count("color") == 2 and prose.splitlines()[0] == "Some color."
    assert prose.splitlines()[4].startswith("[colors")


def test_prose_of_python_is_comments_and_docstrings() -> None:
    text = '"""Doc of a color."""\n\nx = "color"  # of a color, not `color`\n\n\ndef f() -> str:\n    """Color."""\n'
    lines = texts.prose_of_python(text).splitlines()
    assert "color" in lines[0] and lines[2].strip().startswith("# of a color, not") and "Color" in lines[6]


def test_prose_of_c_is_comments() -> None:
    text = 'const char *a = "// color"; // a color\n/* a\n   color */ int color;\n'
    lines = texts.prose_of_c(text).splitlines()
    assert [line.count("color") for line in lines] == [1, 0, 1]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (files, texts):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(texts, "PROSE", tmp_path / "build" / "prose")
    monkeypatch.setattr(texts, "our_files", lambda *_: [path.name for path in sorted(tmp_path.glob("*.*"))])
    return tmp_path


def test_american_and_misspelt_words_are_named_with_their_places(repository: Path) -> None:
    (repository / "a.md").write_text("# Title\n\nThe color of a quantized model, and teh licence.\n")
    (repository / "b.py").write_text("# The colour of a quantised model: a program that is `quantized`.\n")
    text = texts.check_spelling(sys.executable)
    assert "a.md:3: color ==> colour" in text and "quantized ==> quantised" in text and "teh ==> the" in text
    assert "b.py" not in text


def test_a_workflow_that_github_would_not_take_is_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "test.yml").write_text("on: push\njobs: {a: {runs-on: x, steps: [{rnu: make}]}}\n")
    monkeypatch.setattr(texts, "SCHEMAS", {"vendor.github-workflows": ("*.yml",)})
    assert "test.yml" in texts.check_workflows(sys.executable)
    (repository / "test.yml").write_text("on: push\njobs: {a: {runs-on: x, steps: [{run: make}]}}\n")
    assert texts.check_workflows(sys.executable) == ""
