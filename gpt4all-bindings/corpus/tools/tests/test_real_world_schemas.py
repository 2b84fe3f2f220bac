"""Schemas as they are met in practice: most are honoured, and no text of their grammars is anything but valid JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_tools.schemas.real_world import schemas
from corpus_tools.schemas.real_world.dialects import for_validators
from corpus_tools.schemas.walks import WALKS, Verdict, Walker, fault, judge_of

SCHEMAS = {name: (draft, schema) for name, draft, schema in schemas()}
HONOURED = 98  # of a hundred, at least


@pytest.fixture(scope="module")
def verdicts() -> Iterator[dict[str, Verdict]]:
    walker = Walker(Path(os.environ["GPT4ALL_WALK_GRAMMAR"]))
    yield {name: walker.ask(schema) for name, (_, schema) in SCHEMAS.items()}
    walker.close()


def test_there_are_enough() -> None:
    assert len(SCHEMAS) >= 200


@pytest.mark.parametrize("name", SCHEMAS)
def test_texts_of_the_grammar_are_valid(name: str, verdicts: dict[str, Verdict]) -> None:
    draft, schema = SCHEMAS[name]
    verdict = verdicts[name]
    if verdict.refused:
        assert verdict.keyword
        return
    assert len(verdict.walked) >= WALKS / 2
    judge = judge_of(for_validators(schema), draft)
    assert [wrong for text in verdict.walked if (wrong := fault(judge, text))] == []


def test_most_are_honoured(verdicts: dict[str, Verdict]) -> None:
    refused = {name: verdict.refused for name, verdict in verdicts.items() if verdict.refused}
    assert 100 * (len(SCHEMAS) - len(refused)) >= HONOURED * len(SCHEMAS), refused


def test_every_schema_compiles_quickly(verdicts: dict[str, Verdict]) -> None:
    assert max(verdict.seconds for verdict in verdicts.values()) < 1
