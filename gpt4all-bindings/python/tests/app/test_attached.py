"""Files that are given with messages."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from gpt4all._app.files.attached import attached, decoded
from gpt4all._server.errors import RequestError


def refused(name: str, data: bytes, folder: Path) -> str | None:
    with pytest.raises(RequestError) as caught:
        attached(name, data, folder)
    assert caught.value.failure.status == 400
    assert not list(folder.iterdir())
    return caught.value.failure.code


@pytest.mark.parametrize(
    "name", ["notes.txt", "../../etc/notes.md", "C:\\Users\\me\\notes.py", "Makefile", "a\0b.txt", "-rf.TXT"]
)
def test_text_is_read_whatever_the_name(name: str, tmp_path: Path) -> None:
    read = attached(name, b"BM The rent is due.\n", tmp_path)
    assert (read.text, read.pages, read.size) == ("BM The rent is due.\n", None, 20)
    assert "/" not in read.name
    assert "\\" not in read.name
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_read_is_told_with_its_reason(tmp_path: Path) -> None:
    assert refused("a.zip", b"PK", tmp_path) == "attachment_unsupported"
    assert refused("..", b"x", tmp_path) == "attachment_unsupported"
    assert refused("a.txt", b" \n", tmp_path) == "attachment_empty"
    assert refused("a.txt", bytes(range(256)) * 10, tmp_path) == "attachment_unsupported"
    assert refused("a.docx", b"PK\x03\x04broken", tmp_path) in ("attachment_damaged", "attachment_unsupported")


@pytest.mark.parametrize(("name", "data"), [("a.png", b"x"), ("a.txt", b"\x89PNG\r\n\x1a\n..."), ("b.JPG", b"")])
def test_pictures_are_refused_as_no_model_takes_them(name: str, data: bytes, tmp_path: Path) -> None:
    assert refused(name, data, tmp_path) == "images_unsupported"


def test_base64() -> None:
    assert decoded(base64.b64encode(b"abc").decode()) == b"abc"
    for wrong in ("a", "####", "é"):
        with pytest.raises(RequestError) as caught:
            decoded(wrong)
        assert caught.value.failure.param == "data"
