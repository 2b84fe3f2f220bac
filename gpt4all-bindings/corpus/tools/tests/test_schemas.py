"""JSON Schemas of the official test suite: each is refused by keyword and place, or honoured to the letter.

Where one is honoured, random texts of its grammar are valid, invalid instances are not admitted, and valid ones are,
but for those that narrowed.py knows a reason for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_tools.schemas import suite
from corpus_tools.schemas.narrowed import reason, spellings
from corpus_tools.schemas.suite import Group, groups
from corpus_tools.schemas.walks import WALKS, Verdict, Walker, fault, judge_of

GROUPS = {group.name: group for group in groups(Path(os.environ["GPT4ALL_JSON_SCHEMA_SUITE"]) / suite.ARCHIVE)}
# What of the suite a grammar says at least, in hundredths.
HONOURED = {"draft2020-12": 87, "draft7": 88}
# The judge searches with Python's regular expressions, which are not those of ECMA-262.
OTHERWISE_JUDGED = ("optional/ecmascript-regex/",)
# The documentation says that these keywords and formats are descriptive only.
DESCRIPTIVE = ("optional/format/uri-template/",)
CONTENT = ("optional/content/",)
# Formats hold here, where the suite's main part takes them for annotations, and are narrower than those that its
# optional part tries: no leap seconds, and names and addresses in the forms that are in use.
NARROW = ("format/", "optional/format/")
# Draft 7 ignores what stands beside a $ref; we read it as 2020-12 does. And we do not read what a "$schema" says of the
# keywords that count.
READ_OTHERWISE = ("ref/6 ", "vocabulary/0 ")


def about(group: Group, names: tuple[str, ...]) -> bool:
    return group.name.removeprefix(f"{group.draft}/").startswith(names)


@pytest.fixture(scope="module")
def verdicts() -> Iterator[dict[str, Verdict]]:
    """Of all groups; a text for each way to spell an instance."""
    walker = Walker(Path(os.environ["GPT4ALL_WALK_GRAMMAR"]))
    yield {
        name: walker.ask(group.schema, [text for each in group.instances for text in spellings(each.value)])
        for name, group in GROUPS.items()
    }
    walker.close()


@pytest.mark.parametrize("name", GROUPS)
def test_a_schema_is_honoured_or_refused(name: str, verdicts: dict[str, Verdict]) -> None:
    group, verdict = GROUPS[name], verdicts[name]
    if verdict.refused:
        check_refusal(group, verdict)
        return
    assert len(verdict.walked) >= WALKS / 2
    if not about(group, (*OTHERWISE_JUDGED, "ref/6 ")):
        judge = judge_of(group.schema, group.draft)
        assert [wrong for text in verdict.walked if (wrong := fault(judge, text))] == []
    admitted = [any(verdict.accepted[at : at + 2]) for at in range(0, len(verdict.accepted), 2)]
    for instance, accepted in zip(group.instances, admitted, strict=True):
        if not instance.valid:
            assert not accepted or about(group, (*DESCRIPTIVE, *CONTENT, *READ_OTHERWISE)), (
                f"{instance.value!r} is admitted"
            )
        elif not accepted and not about(group, (*NARROW, *READ_OTHERWISE)):
            assert reason(group.schema, instance.value), f"{instance.value!r} is not admitted"


def check_refusal(group: Group, verdict: Verdict) -> None:
    """The message names a keyword that stands in the schema where the pointer says."""
    assert verdict.refused
    at = group.schema
    for token in verdict.pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        at = at[int(token)] if isinstance(at, list) else at[token]
    if verdict.keyword and isinstance(at, dict):
        assert verdict.keyword in at, json.dumps(at)


@pytest.mark.parametrize("draft", HONOURED)
def test_most_are_honoured(draft: str, verdicts: dict[str, Verdict]) -> None:
    mine = [verdicts[name] for name, group in GROUPS.items() if group.draft == draft]
    honoured = sum(not verdict.refused for verdict in mine)
    assert 100 * honoured >= HONOURED[draft] * len(mine), f"{honoured} of {len(mine)}"


def test_every_schema_compiles_quickly(verdicts: dict[str, Verdict]) -> None:
    assert max(verdict.seconds for verdict in verdicts.values()) < 1
