"""The tables of the documentation about files of 2023 say what the checks found, of every kind of file and type."""

from __future__ import annotations

import json

import pytest
from corpus_tools.legacy import make_table
from corpus_tools.legacy.results import FOLDER
from corpus_tools.legacy.variants import VARIANTS


def test_the_page_is_what_the_results_say() -> None:
    page = make_table.PAGE.read_text(encoding="utf-8")
    assert make_table.text() in page, "run `python -m corpus_tools.legacy.make_table`"


@pytest.mark.parametrize("name", ["transformers", "engines", "translation"])
def test_all_was_found_right(name: str) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["agrees"] is True


def test_every_kind_of_file_with_every_type_was_compared() -> None:
    found = json.loads((FOLDER / "transformers.json").read_text(encoding="utf-8"))["logits"]
    expected = {(variant.name, kind.name) for variant in VARIANTS for kind in variant.types}
    assert {(each["variant"], each["type"]) for each in found} == expected
