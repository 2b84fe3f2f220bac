"""Duplicates against ways of finding them that hold everything in memory, and groups against sorting."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from conftest import Run, report_of, rows_of, write_lines
from gpt4all_training.curate import grouping
from gpt4all_training.curate.grouping import Groups, group_starts
from gpt4all_training.curate.settings import Near
from gpt4all_training.curate.sketches import sketches_of
from gpt4all_training.curate.words import Words, plain, words_of

_WORDS = [f"word{number}" for number in range(400)]


def shingles(text: str, length: int = 5) -> set[tuple[str, ...]]:
    words = words_of(plain(text))
    return {tuple(words[at : at + length]) for at in range(max(1, len(words) - length + 1))}


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def changed(words: list[str], count: int, source: random.Random) -> list[str]:
    """The words with some replaced, next to each other."""
    at = source.randrange(len(words) - count)
    return [*words[:at], *(f"new{source.getrandbits(60)}" for _ in range(count)), *words[at + count :]]


def test_sketches_estimate_the_jaccard_similarity() -> None:
    source = random.Random(2)
    texts = [source.choices(_WORDS, k=120) for _ in range(60)]
    pairs = [(words, changed(words, source.randrange(1, 60), source)) for words in texts]
    near = Near()
    first, second = (sketches_of(Words.of([pair[at] for pair in pairs]), near, 1) for at in (0, 1))
    estimated = (first == second).mean(axis=1)
    real = [jaccard(" ".join(a), " ".join(b)) for a, b in pairs]
    assert np.abs(estimated - real).mean() < 0.05
    assert np.abs(estimated - real).max() < 0.2  # five deviations of a mean of 128


def test_near_duplicates_are_those_of_a_search_through_all_pairs(tmp_path: Path, run: Run) -> None:
    source = random.Random(5)
    first = [source.choices(_WORDS, k=150) for _ in range(40)]
    # A word changed leaves a similarity of 0.93, two of 0.87, sixty in a row of 0.4: far enough from the threshold.
    more = [changed(source.choice(first), source.choice([1, 60]), source) for _ in range(160)]
    texts = [" ".join(words) for words in (*first, *more)]
    sets = [shingles(text) for text in texts]
    kept: list[int] = []
    for at, mine in enumerate(sets):
        if not any(len(mine & sets[other]) / len(mine | sets[other]) >= 0.8 for other in kept):
            kept.append(at)
    assert 60 < len(kept) < 180
    write_lines(tmp_path / "rows.jsonl", ({"prompt": "?!", "response": text} for text in texts))
    done = run()
    assert [row["row"] - 1 for row in rows_of(done)] == kept
    assert report_of(done)["sources"][0]["dropped"] == {"near duplicate": len(texts) - len(kept)}


def test_exact_duplicates_differ_in_case_space_and_forms_of_characters(tmp_path: Path, run: Run) -> None:
    first = {"prompt": "Où est le café?", "response": "The café is ﬁne, Straße 5."}
    same = {"prompt": "  OÙ  EST\nLE CAFE\u0301?", "response": "the cafe\u0301 is fine, STRASSE\u00a0５."}
    other = {"prompt": "Où est le café?", "response": "The café is fine, Straße 6."}
    swapped = {"prompt": "Où est le café? The café", "response": "is fine, Straße 5."}
    write_lines(tmp_path / "rows.jsonl", [first, same, other, swapped])
    assert [row["row"] for row in rows_of(run(duplicates={"near": None}))] == [1, 3, 4]
    assert len(rows_of(run(output="all", duplicates={"exact": False, "near": None}))) == 4


def test_short_texts_are_near_only_if_they_are_the_same(tmp_path: Path, run: Run) -> None:
    rows = [{"prompt": "Say it", "response": answer} for answer in ("Yes.", "No.", "yes!", "你好世界", "你好")]
    write_lines(tmp_path / "rows.jsonl", rows)
    assert [row["row"] for row in rows_of(run())] == [1, 2, 4, 5]


def test_a_row_near_to_one_that_was_dropped_stays_if_it_is_not_near_to_one_that_stays(tmp_path: Path, run: Run) -> None:
    source = random.Random(8)
    a = source.choices(_WORDS, k=200)
    b = [*a[15:], *source.choices(_WORDS, k=15)]
    c = [*b[15:], *source.choices(_WORDS, k=15)]
    texts = [" ".join(words) for words in (a, b, c)]
    assert jaccard(texts[0], texts[1]) > 0.83 > 0.8 > 0.78 > jaccard(texts[0], texts[2])
    write_lines(tmp_path / "rows.jsonl", ({"prompt": "?!", "response": text} for text in texts))
    assert [row["row"] for row in rows_of(run(seed=3))] == [1, 3]


def test_a_hundred_near_copies_of_one_text_leave_one(tmp_path: Path, run: Run) -> None:
    """Of many that share a band, not all pairs are compared."""
    text = " ".join(random.Random(1).choices(_WORDS, k=300))
    write_lines(tmp_path / "rows.jsonl", ({"prompt": "?!", "response": f"{text} {number}"} for number in range(500)))
    assert run().kept == 1


@pytest.mark.parametrize("part", [1 << 30, 2000, 64])
def test_groups_bring_all_records_back_sorted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(grouping, "_PART", part)
    kind = np.dtype([("key", "<u8"), ("row", "<i8")])
    source = np.random.default_rng(3)
    records = np.empty(3000, kind)
    records["key"] = source.integers(0, 2**64, 700, np.uint64)[source.integers(0, 700, 3000)]
    records["row"] = source.permutation(3000)
    with Groups(tmp_path / "groups", kind, len(records)) as groups:
        for begin in range(0, 3000, 500):
            groups.add(records[begin : begin + 500])
        found = np.concatenate(list(groups.sorted_parts()))
    assert found.tolist() == sorted(records.tolist())
    assert not (tmp_path / "groups").exists()
    starts = group_starts(found["key"])
    assert all(found["key"][start] == key for start, key in zip(starts, found["key"], strict=True))
    assert len(set(starts.tolist())) == len(set(records["key"].tolist()))
