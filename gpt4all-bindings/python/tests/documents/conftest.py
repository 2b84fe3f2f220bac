"""What all tests of documents need: the packages of the extra, and a reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

for needed in ("docx", "openpyxl", "pptx", "pypdfium2", "selectolax"):
    pytest.importorskip(needed, reason="`make test LANES=documents` installs what reading documents needs")

from gpt4all.documents import Reader  # noqa: E402


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    with Reader() as opened:
        yield opened
