"""The description that the front end's types are made of."""

from __future__ import annotations

from conftest import ROOT
from gpt4all._app import openapi


def test_it_is_up_to_date() -> None:
    """`python -m gpt4all._app.openapi > gpt4all-chat/openapi.json` writes it."""
    assert (ROOT / "gpt4all-chat" / "openapi.json").read_text(encoding="utf-8") == openapi.document()
