"""Chunks: sizes, places to cut, and that nothing is lost."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from gpt4all.documents._chunks import Chunk, chunks
from gpt4all.documents._text import Builder, Text

from .faking import FakeEmbedder

count = FakeEmbedder().count_tokens


def sentence(number: int, words: int = 9) -> str:
    return f"Sentence {number} has {' '.join(['words'] * (words - 4))} inside."


def built(*blocks: str) -> Text:
    """Of headings, as # Money, and paragraphs."""
    builder = Builder(10_000_000)
    for number, block in enumerate(blocks, 1):
        builder.page = number
        level = len(block) - len(block.lstrip("#"))
        if level:
            builder.heading(block[level:], level)
        else:
            builder.add(block)
    return builder.text(len(blocks))


def parts(text: Text, found: list[Chunk]) -> list[str]:
    return [text.text[each.start : each.end] for each in found]


def covered(text: Text, found: list[Chunk]) -> None:
    """Every character but blanks is in a chunk, and the chunks are in order."""
    seen = set()
    for before, after in pairwise(found):
        assert before.start < after.start <= after.end
        assert before.end < after.end
    for each in found:
        seen |= set(range(each.start, each.end))
    assert [char for place, char in enumerate(text.text) if char.strip() and place not in seen] == []


def test_a_short_text_is_one_chunk() -> None:
    text = built("# Money", sentence(1), sentence(2))
    found = chunks(text, count)
    assert parts(text, found) == [text.text]
    assert found[0].headings == ("Money",)
    assert (found[0].page_first, found[0].page_last) == (1, 3)


def test_sections_are_apart_and_headings_go_with_what_follows() -> None:
    text = built("# One", *map(sentence, range(20)), "# Two", "## Deep", *map(sentence, range(20)))
    found = chunks(text, count, target=320)
    assert [each.headings for each in found] == [("One",), ("Two", "Deep")]
    assert parts(text, found)[1].startswith("Two\n\nDeep\n\nSentence 0")


def test_small_sections_are_together() -> None:
    text = built("# One", sentence(1), "# Two", sentence(2))
    assert len(chunks(text, count, target=320)) == 1


def test_cut_between_sentences_with_one_of_overlap() -> None:
    text = built(" ".join(map(sentence, range(100))))
    found = chunks(text, count, target=100, maximum=150)
    assert len(found) > 8
    covered(text, found)
    for before, after in pairwise(parts(text, found)):
        assert before.endswith("inside.")
        assert after.startswith(before[before.rindex("Sentence") :])
        assert 60 <= count(before) <= 100


def test_cut_between_paragraphs_rather_than_within() -> None:
    paragraphs = [" ".join(sentence(10 * row + number) for number in range(6)) for row in range(6)]
    text = built(*paragraphs)
    found = chunks(text, count, target=100)
    assert all(part.endswith(tuple(paragraphs)) for part in parts(text, found))


def test_no_overlap_across_headings() -> None:
    text = built("# One", " ".join(map(sentence, range(30))), "# Two", sentence(99))
    found = chunks(text, count, target=320, maximum=480)
    assert parts(text, found)[1].startswith("Two")


@pytest.mark.parametrize("glue", ["", " "])
def test_what_has_no_sentences_is_cut_anyway(glue: str) -> None:
    text = built(glue.join(["漢字"] * 3000) if not glue else glue.join(["word"] * 5000))

    def tokens(part: str) -> int:
        return len(part.replace(" ", "")) // 2

    found = chunks(text, tokens, target=320, maximum=480)
    covered(text, found)
    assert max(tokens(part) for part in parts(text, found)) <= 480
    assert len(found) < 60


def test_estimates_that_are_wrong_do_no_harm() -> None:
    """The beginning of the text has a token for a word, the rest one for a letter."""
    text = built("plain words " * 1000, "x" * 20_000)

    def tokens(part: str) -> int:
        return len(part.split()) + part.count("x")

    found = chunks(text, tokens, target=320, maximum=480)
    covered(text, found)
    assert max(tokens(part) for part in parts(text, found)) <= 480


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost(seed: int) -> None:
    rng = random.Random(seed)
    blocks = []
    for _ in range(rng.randrange(1, 60)):
        block = " ".join(sentence(rng.randrange(99), rng.randrange(5, 90)) for _ in range(rng.randrange(1, 9)))
        blocks.append("#" * rng.randrange(1, 4) + " Heading" if rng.random() < 0.2 else block)
    text = built(*blocks)
    found = chunks(text, count, target=rng.choice([40, 100, 320]), maximum=480)
    covered(text, found)
    assert max(count(part) for part in parts(text, found)) <= 480


def test_an_empty_text() -> None:
    assert chunks(Text("", ()), count) == []
