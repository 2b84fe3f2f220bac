"""The nearest vectors: in full up to a number, by signs above it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest

from gpt4all.documents._vectors import VectorFile


def clustered(count: int, dim: int, seed: int = 1) -> Any:
    """Vectors as texts have them: near those of the same topic."""
    rng = numpy.random.default_rng(seed)
    topics = rng.normal(size=(200, dim))
    rows = topics[rng.integers(0, 200, count)] + 0.9 * rng.normal(size=(count, dim))
    return (rows / numpy.linalg.norm(rows, axis=1, keepdims=True)).astype(numpy.float32)


@pytest.mark.parametrize(("dim", "share"), [(384, 0.9), (100, 0.8)])
def test_signs_find_what_comparing_in_full_finds(tmp_path: Path, dim: int, share: float) -> None:
    rows = clustered(20_000, dim)
    VectorFile(tmp_path, "v", dim).write(range(len(rows)), rows)
    exact, signs = VectorFile(tmp_path, "v", dim), VectorFile(tmp_path, "v", dim, exact=10)
    assert len(exact) == len(rows)
    reached = 0
    noise = clustered(50, dim, seed=2)
    for query in (rows[:50] + noise) / numpy.linalg.norm(rows[:50] + noise, axis=1, keepdims=True):
        best = numpy.argsort(-(rows @ query))[:10]
        slots, similarities = exact.nearest(query, 10)
        assert set(slots[:9]) <= set(numpy.argsort(-(rows @ query))[:11])
        numpy.testing.assert_allclose(similarities, rows[slots] @ query, atol=2e-3)
        reached += len(set(signs.nearest(query, 10)[0]) & set(best))
    assert reached >= share * 500


@pytest.mark.parametrize("exact", [10, 100_000])
def test_only_what_is_allowed(tmp_path: Path, exact: int) -> None:
    rows = clustered(3000, 64)
    vectors = VectorFile(tmp_path, "v", 64, exact=exact)
    vectors.write(range(3000), rows)
    allowed = numpy.zeros(3000, bool)
    allowed[[5, 70, 2999]] = True
    slots, similarities = vectors.nearest(rows[0], 50, allowed)
    assert sorted(slots) == [5, 70, 2999]
    assert list(similarities) == sorted(similarities, reverse=True)
    assert len(vectors.nearest(rows[0], 50, numpy.zeros(3000, bool))[0]) == 0
    assert len(vectors.nearest(rows[0], 50, numpy.ones(7, bool))[0]) == 7


def test_writing_is_seen_by_a_search(tmp_path: Path) -> None:
    for exact in (1, 1000):
        vectors = VectorFile(tmp_path, f"v{exact}", 2, exact=exact)
        assert len(vectors) == 0
        assert len(vectors.nearest([1, 0], 5)[0]) == 0
        vectors.write([0, 1], [[1, 0], [0, 1]])
        assert vectors.nearest([1, 0], 1)[0].tolist() == [0]
        vectors.write([0, 2], [[-1, 0], [1, 0]])
        assert vectors.nearest([1, 0], 1)[0].tolist() == [2]
