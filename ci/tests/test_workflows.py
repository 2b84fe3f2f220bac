"""The check of what GitHub reads."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ci import files, workflows
from ci.common import ROOT
from ci.test import chosen_lanes
from ci.testing.discover import find_lanes


def test_a_workflow_that_github_would_not_take_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(workflows, "our_files", lambda *_: ["test.yml"])
    monkeypatch.setattr(workflows, "SCHEMAS", {"vendor.github-workflows": ("*.yml",)})
    (tmp_path / "test.yml").write_text("on: push\njobs: {a: {runs-on: x, steps: [{rnu: make}]}}\n")
    assert "test.yml" in workflows.check_workflows(sys.executable)
    (tmp_path / "test.yml").write_text("on: push\njobs: {a: {runs-on: x, steps: [{run: make}]}}\n")
    assert workflows.check_workflows(sys.executable) == ""


def test_every_kind_of_file_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "our_files", lambda *_: [])
    assert "there is no .github/dependabot.yml" in workflows.check_workflows(sys.executable)


def test_every_lane_is_run_by_a_workflow() -> None:
    """And each that a workflow names is there."""
    lanes = find_lanes()
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    several = re.findall(r"^ *lanes: +([\w,-]+)", text, re.MULTILINE) + re.findall(r"LANES=([\w,-]+)", text)
    for listed in re.findall(r"^ *lanes: \[(.*)\]", text, re.MULTILINE):
        several += re.findall(r"[\w,-]*\w", listed)
    assert several
    assert set(lanes) - {name for each in several for name in chosen_lanes(each, lanes)} == set()
