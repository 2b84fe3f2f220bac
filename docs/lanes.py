"""The lanes of the documentation."""

from __future__ import annotations

from ci.documentation import build_site, check
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome


def _docs(_: Settings) -> Outcome:
    return check.check()


def _site(_: Settings) -> Outcome:
    return build_site.check()


LANES = {
    "docs": Lane(
        "links and names in the documentation", _docs, tools=["git", "g++"], minutes=0.1, place=150, beside=True
    ),
    "site": Lane(
        "the documentation site", _site, tools=[], venv=build_site.ensure_site_venv, minutes=1, place=160, beside=True
    ),
}
