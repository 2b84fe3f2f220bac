"""What is looked for in the documentation site after it was built."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from ci.documentation import build_site as documentation_site


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ('<script src="https://cdn.example.org/x.js"></script>', ["https://cdn.example.org/x.js"]),
        ('<link rel="stylesheet" href="//fonts.example.org/a.css">', ["//fonts.example.org/a.css"]),
        ('<img alt="" src="http://example.org/a.png">', ["http://example.org/a.png"]),
        ('<link rel="canonical" href="https://example.org/">', []),
        ('<a href="https://example.org/">elsewhere</a><script src="assets/x.js"></script>', []),
    ],
)
def test_what_a_browser_would_fetch(
    page: str, found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documentation_site, "SITE", tmp_path)
    (tmp_path / "index.html").write_text(page)
    (tmp_path / "plain.css").write_text("body { background: url(image.png) }")
    assert [address for _, address in documentation_site.fetched()] == found
    (tmp_path / "site.css").write_text("body { background: url('https://example.org/b.png') }")
    assert (tmp_path / "site.css", "https://example.org/b.png") in list(documentation_site.fetched())


def test_the_inventory(tmp_path: Path) -> None:
    lines = (
        "gpt4all.Model py:class 1 reference/model.html#$ -\ngpt4all.Model.chat py:method 1 reference/model.html#$ -\n"
    )
    head = b"# Sphinx inventory version 2\n# Project: x\n# Version: 1\n# The rest is compressed.\n"
    (tmp_path / "objects.inv").write_bytes(head + zlib.compress(lines.encode()))
    assert list(documentation_site.inventory(tmp_path / "objects.inv")) == ["gpt4all.Model", "gpt4all.Model.chat"]


def test_public_names() -> None:
    names = documentation_site.public_names(documentation_site.PACKAGE / "__init__.py")
    assert {"Model", "GPT4All", "LLModelError"} <= set(names)
    with pytest.raises(ValueError, match="__all__"):
        documentation_site.public_names(documentation_site.PACKAGE / "_version.py")
