"""The lane `retrieval`: what was measured last still holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import ROOT
from gpt4all import models

from . import corpus
from .__main__ import RESULTS, results

LOSS = 0.01
COMMITTED = json.loads(RESULTS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now(library: str) -> Iterator[dict[str, Any]]:
    if not any(model.name == models.DEFAULT_EMBEDDING_MODEL for model in models.list_cached()):
        pytest.skip(f"{models.DEFAULT_EMBEDDING_MODEL} is not here; `gpt4all pull all-MiniLM-L6-v2` fetches it")
    folder = ROOT / "build" / "retrieval"
    try:
        yield results(folder)
    except corpus.MissingPackageError as error:
        pytest.skip(str(error))


@pytest.mark.timeout(7200)
def test_nothing_is_found_less_than_before(now: dict[str, Any]) -> None:
    """Of the held-out half, and of the chunks that it was measured with."""
    committed, measured = COMMITTED["held_out"], now["held_out"]
    assert measured["questions"] == committed["questions"]
    lost = {
        f"{kind} {name}": (before, measured["quality"]["hybrid"][kind][name])
        for kind, numbers in committed["quality"]["hybrid"].items()
        for name, before in numbers.items()
        if kind == "all" and measured["quality"]["hybrid"][kind][name] < before - LOSS
    }
    assert lost == {}
    assert measured["refusal"]["auc"] >= committed["refusal"]["auc"] - LOSS


def test_each_part_of_the_search_is_of_use(now: dict[str, Any]) -> None:
    quality = now["held_out"]["quality"]
    hybrid = quality["hybrid"]["all"]["recall_5"]
    assert hybrid >= quality["words"]["all"]["recall_5"] + 0.05
    assert hybrid >= quality["vectors"]["all"]["recall_5"] + 0.05
    assert now["held_out"]["refusal"]["auc"] >= 0.85
