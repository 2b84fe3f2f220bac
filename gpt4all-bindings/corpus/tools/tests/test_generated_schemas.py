"""Schemas and patterns that nobody thought of: honoured to the letter, or refused with a place and a reason.

GPT4ALL_SCHEMA_EXAMPLES tries more of them than a lane has time for.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_tools.schemas.generated import ALL, PATTERN, PLAIN, Pattern
from corpus_tools.schemas.narrowed import reason, spellings
from corpus_tools.schemas.walks import Verdict, Walker, fault, judge_of
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

EXAMPLES = int(os.environ.get("GPT4ALL_SCHEMA_EXAMPLES", "150"))
LONGEST = 24

bounded = settings(
    max_examples=EXAMPLES,
    derandomize="GPT4ALL_SCHEMA_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def walker() -> Iterator[Walker]:
    made = Walker(Path(os.environ["GPT4ALL_WALK_GRAMMAR"]))
    yield made
    made.close()


def check_refusal(schema: Any, verdict: Verdict) -> None:
    """The pointer leads to something in the schema."""
    at = schema
    for token in verdict.pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        at = at[int(token)] if isinstance(at, list) else at[token]


@bounded
@given(schema=ALL)
def test_what_a_grammar_admits_is_valid(walker: Walker, schema: Any) -> None:
    verdict = walker.ask(schema, walks=20)
    if verdict.refused:
        check_refusal(schema, verdict)
        return
    judge = judge_of(schema, "draft7")
    assert [wrong for text in verdict.walked if (wrong := fault(judge, text))] == []


@settings(bounded, max_examples=EXAMPLES // 3)  # to find values takes longer
@given(schema=PLAIN, data=st.data())
def test_valid_values_are_admitted(walker: Walker, schema: Any, data: st.DataObject) -> None:
    if walker.ask(schema, walks=1).refused:
        return
    values = data.draw(st.lists(from_schema(schema), min_size=1, max_size=3))
    judge = judge_of(schema, "draft7")
    for value in values:
        if fault(judge, json.dumps(value)) or "e-" in json.dumps(value):  # formats are not kept; digits are limited
            continue
        admitted = walker.ask(schema, spellings(value), walks=0).accepted
        assert any(admitted) or reason(schema if isinstance(schema, dict) else {}, value), json.dumps(value)


@bounded
@given(pattern=PATTERN, data=st.data())
def test_patterns_match_as_pythons_do(walker: Walker, pattern: Pattern, data: st.DataObject) -> None:
    schema = {"type": "string", "pattern": pattern.ecma, "maxLength": LONGEST}
    python = re.compile(pattern.python)
    drawn = st.one_of(st.from_regex(python), st.text(alphabet='ab0é-.\\/"\nA', max_size=6))
    texts = [text for text in data.draw(st.lists(drawn, min_size=4, max_size=8)) if canonical(text)]
    verdict = walker.ask(schema, [json.dumps(text, ensure_ascii=False) for text in texts], walks=20)
    if verdict.refused:
        assert verdict.keyword == "pattern"
        assert "no string" in verdict.refused
        assert not any(python.search(text) for text in texts if len(text) <= LONGEST)
        return
    assert [text for text in map(json.loads, verdict.walked) if not python.search(text) or len(text) > LONGEST] == []
    for text, accepted in zip(texts, verdict.accepted, strict=True):
        assert accepted == (len(text) <= LONGEST and python.search(text) is not None), repr(text)


def canonical(text: str) -> bool:
    """Whether json.dumps() spells it as a grammar does: without DEL, which is escaped, and halves of pairs."""
    return not any(c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text)
