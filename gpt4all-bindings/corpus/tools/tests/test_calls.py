"""Tool calls in llama.cpp's collection of chat templates: each is supported, or refused with a typed error.

With a supported one, whatever the grammar of a request admits is read as calls of the tools that may be called, as many
as may be, with arguments that keep their schemas. Which those are is in templates.json, and in the documentation; and
also which tools a template itself cannot show, here and in jinja2.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from corpus_tools import calls
from corpus_tools.calls.tools import SETS
from corpus_tools.calls.walks import TEMPLATE_ERROR, UNSUPPORTED, CallWalker, cases
from corpus_tools.places import committed_models

WALKS = int(os.environ.get("GPT4ALL_CALL_WALKS", "5"))
TEMPLATES = Path(os.environ["GPT4ALL_TEMPLATES"])
NAMES = sorted(path.stem for path in TEMPLATES.glob("*.jinja"))
KNOWN = json.loads((Path(calls.__file__).parent / "templates.json").read_text())
CASES = list(cases())
LEAST_SUPPORTED = 60


def test_each_template_is_listed() -> None:
    assert sorted([*KNOWN["supported"], *KNOWN["refused"]]) == NAMES
    assert len(KNOWN["supported"]) >= LEAST_SUPPORTED


def test_the_documentation_has_the_list() -> None:
    text = Path(os.environ["GPT4ALL_TOOLS_DOCUMENT"]).read_text()
    section = text.split("## Supported chat templates")[1].split("\n## ")[0]
    assert re.findall(r"^\* `([^`]+)`$", section, re.MULTILINE) == sorted(KNOWN["supported"])


@pytest.mark.parametrize("name", NAMES)
def test_whatever_the_grammar_admits_is_a_call(name: str) -> None:
    walker = CallWalker(Path(os.environ["GPT4ALL_WALK_CALLS"]), committed_models() / "tiny-llama-q8_0.gguf")
    verdicts = walker.ask((TEMPLATES / f"{name}.jinja").read_bytes().decode(), CASES, WALKS)
    assert {case: verdict.wrong[:3] for case, verdict in zip(CASES, verdicts, strict=True) if verdict.wrong} == {}
    refused = {case: verdict for case, verdict in zip(CASES, verdicts, strict=True) if verdict.refused}
    if name in KNOWN["supported"]:
        assert {case.tools for case in refused} == set(KNOWN["unshown"].get(name, []))
        assert {verdict.status for verdict in refused.values()} <= {TEMPLATE_ERROR}
    else:
        assert {case.tools for case in refused} == set(SETS)
        assert {verdict.status for verdict in refused.values()} == {UNSUPPORTED}
