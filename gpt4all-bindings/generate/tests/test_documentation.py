"""The documentation's tables have every status, event, option and result."""

from __future__ import annotations

import re

import pytest

from generate.build import ROOT, describe
from generate.emitters import documentation
from generate.emitters.python_types import Member, TypedDict

DESCRIPTION = describe()
PAGES = documentation.emit(DESCRIPTION)


def test_each_table_stands_in_a_page() -> None:
    asked = [name for text in PAGES.values() for _, name, _ in documentation.REGION.findall(text)]
    assert sorted(asked) == sorted(documentation.TABLES)


def test_a_page_that_asks_for_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(documentation.TABLES, "events")
    with pytest.raises(ValueError, match="a page asks for events, but there are statuses"):
        documentation.emit(DESCRIPTION)


def test_what_is_written_by_hand_stays() -> None:
    for path, text in PAGES.items():
        committed = (ROOT / path).read_text(encoding="utf-8")
        assert documentation.REGION.sub("", text) == documentation.REGION.sub("", committed)


def test_every_status_and_event_has_a_row() -> None:
    statuses, events = documentation.statuses(DESCRIPTION), documentation.events(DESCRIPTION)
    for name, value in DESCRIPTION.header.enum("llmodel_status").values().items():
        assert f"\n| `{name.upper()}` | {value} | " in statuses
    assert "| By `llmodel_cancel()`, a progress function, or a closing model. |" in statuses
    assert [each.name.upper() for each in DESCRIPTION.events[1:]] == re.findall(r"^\| `(\w+)`", events, re.MULTILINE)


def test_the_guide_to_errors_has_every_failing_status_and_no_other() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `\w+` \| `(\w+)` \|", text, re.MULTILINE))
    failing = {name.upper() for name in DESCRIPTION.header.enum("llmodel_status").values()} - {"OK", "TIMEOUT"}
    assert told == failing


def test_a_class_becomes_a_section() -> None:
    members = (
        Member("b", "int | None", "A <b>. Default: 1. From 0 to 2.", False),
        Member("a", f"Literal[{', '.join(f'{chr(34)}v{i}{chr(34)}' for i in range(7))}] | None", "Text.", True),
    )
    text = documentation.typed_dict(TypedDict("SomeOptions", True, ("Sampling",), "Some.", members))
    assert text == (
        "## SomeOptions {#gpt4all.types.SomeOptions}\n\nSome.\n\n"
        "What [Sampling][gpt4all.types.Sampling] has, and:\n\n| Name |  |\n| --- | --- |\n"
        "| `a` | `Literal[…] \\| None`<br>Text.<br>`v0` `v1` `v2` `v3` `v4` `v5` `v6` |\n"
        "| `b` | `int \\| None`<br>A &lt;b&gt;. Default: `1`. From 0 to 2. |"
    )
