"""Documents that attack: each ends with its reason, in time, and the next is read as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from gpt4all import ClosedError
from gpt4all.documents import Limits, Reader, Reason, UnreadableError

from . import making
from .making import TEXT


def reason(reader: Reader, path: Path) -> Reason:
    with pytest.raises(UnreadableError, match="cannot be read: ") as caught:
        reader.read(path)
    assert str(path) in str(caught.value)
    assert caught.value.detail == {"path": str(path), "reason": caught.value.reason.value}
    return caught.value.reason


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.txt"
    path.write_text(TEXT)
    return path


def bomb(path: Path, name: str, size: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened, opened.open(name, "w") as part:
        for _ in range(size >> 20):
            part.write(b" " * (1 << 20))
    return path


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.odt", "a.epub"])
def test_zip_bombs(reader: Reader, tmp_path: Path, name: str) -> None:
    assert reason(reader, bomb(tmp_path / name, "content.xml", 64 << 20)) is Reason.TOO_LARGE


def test_a_zip_whose_sizes_lie(reader: Reader, tmp_path: Path) -> None:
    """What is unpacked is no more than the size that it states."""
    path = bomb(tmp_path / "a.odt", "content.xml", 8 << 20)
    data = path.read_bytes().replace((8 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(data)
    assert reason(reader, path) is Reason.DAMAGED


def test_billion_laughs(reader: Reader, tmp_path: Path) -> None:
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    prologue = f"<!DOCTYPE d [{entities}]>"
    assert reason(reader, making.odt(tmp_path / "a.odt", "<text:p>&l9;</text:p>", prologue=prologue)) is Reason.DAMAGED


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx"])
def test_billion_laughs_in_office_files(reader: Reader, tmp_path: Path, name: str) -> None:
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    types = f'<!DOCTYPE d [{entities}]><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">&l9;'
    path = making.archive(tmp_path / name, {"[Content_Types].xml": f"{types}</Types>", "_rels/.rels": types})
    assert reason(reader, path) is Reason.DAMAGED


def test_external_entities_are_not_fetched(reader: Reader, good: Path, tmp_path: Path) -> None:
    prologue = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{good}">]>'
    assert reason(reader, making.odt(tmp_path / "a.odt", "<text:p>&x;</text:p>", prologue=prologue)) is Reason.DAMAGED


def test_a_pdf_that_claims_too_many_pages(tmp_path: Path) -> None:
    with Reader(Limits(pages=10)) as reader:
        path = making.pdf(tmp_path / "a.pdf", [[TEXT]], count=2_000_000_000)
        assert reader.read(path).text.strip() == TEXT  # PDFium counts for itself
        path = making.pdf(tmp_path / "b.pdf", [["x"]] * 11)
        assert reason(reader, path) is Reason.TOO_LARGE


def test_what_takes_too_long_is_killed(tmp_path: Path, good: Path) -> None:
    """A PDF of thirty thousand pages in one second, and then a file that can be read."""
    path = making.pdf(tmp_path / "a.pdf", [["x"] * 40] * 30_000)
    with Reader(Limits(seconds=1, pages=1_000_000)) as reader:
        assert reader.read(good).text == TEXT
        begun = time.monotonic()
        assert reason(reader, path) is Reason.TOO_SLOW
        assert time.monotonic() - begun < 5
        assert reader.read(good).text == TEXT


def test_what_takes_too_much_memory(tmp_path: Path, good: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a b\n\n" * (8 << 20))
    with Reader(Limits(characters=1 << 40, memory_bytes=300 << 20)) as reader:
        assert reason(reader, path) in (Reason.TOO_LARGE, Reason.DAMAGED)
        assert reader.read(good).text == TEXT


def test_sizes(tmp_path: Path, good: Path) -> None:
    with Reader(Limits(file_bytes=10)) as reader:
        assert reason(reader, good) is Reason.TOO_LARGE
    with Reader(Limits(characters=10)) as reader:
        assert reason(reader, good) is Reason.TOO_LARGE
        assert reason(reader, making.epub(tmp_path / "a.epub", [TEXT])) is Reason.TOO_LARGE


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li", "pre"])
def test_deep_nesting(reader: Reader, tmp_path: Path, tag: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<{tag}>" * 5_000 + TEXT)
    assert TEXT in reader.read(path).text


def test_deep_xml(reader: Reader, tmp_path: Path) -> None:
    body = "<text:section>" * 20_000 + f"<text:p>{TEXT}</text:p>" + "</text:section>" * 20_000
    path = making.odt(tmp_path / "a.odt", body)
    assert TEXT in reader.read(path).text


@pytest.mark.parametrize("kept", [0, 1, 10, 100, 300])
@pytest.mark.parametrize("name", ["a.pdf", "a.odt", "a.epub"])
def test_truncated(reader: Reader, tmp_path: Path, name: str, kept: int) -> None:
    path = tmp_path / name
    {
        "a.pdf": lambda: making.pdf(path, [[TEXT]]),
        "a.odt": lambda: making.odt(path, ""),
        "a.epub": lambda: making.epub(path, []),
    }[name]()
    path.write_bytes(path.read_bytes()[:kept])
    assert reason(reader, path) is Reason.DAMAGED


def test_scanned(reader: Reader, tmp_path: Path) -> None:
    assert reason(reader, making.pdf(tmp_path / "a.pdf", [[], []], picture=True)) is Reason.SCANNED
    assert reason(reader, making.pdf(tmp_path / "b.pdf", [[], []])) is Reason.EMPTY
    assert TEXT in reader.read(making.pdf(tmp_path / "c.pdf", [[TEXT]], picture=True)).text


def test_encrypted(reader: Reader, tmp_path: Path) -> None:
    manifest = "<manifest><encryption-data/></manifest>"
    assert reason(reader, making.odt(tmp_path / "a.odt", "", manifest=manifest)) is Reason.ENCRYPTED
    assert reason(reader, making.epub(tmp_path / "a.epub", [TEXT], encrypted=True)) is Reason.ENCRYPTED
    office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    for name in ("a.docx", "a.xlsx", "a.pptx"):
        (tmp_path / name).write_bytes(office)
        assert reason(reader, tmp_path / name) is Reason.ENCRYPTED
    (tmp_path / "b.docx").write_bytes(office[:600])
    assert reason(reader, tmp_path / "b.docx") is Reason.UNSUPPORTED


def test_an_encrypted_pdf(reader: Reader, tmp_path: Path) -> None:
    path = making.pdf(tmp_path / "a.pdf", [[TEXT]])
    locked = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<00> <00>] /Root" % (
        b"41" * 32,
        b"42" * 32,
    )
    path.write_bytes(path.read_bytes().replace(b"/Root", locked))
    assert reason(reader, path) is Reason.ENCRYPTED


def test_what_is_no_document(reader: Reader, tmp_path: Path) -> None:
    for name, data in (("a.txt", bytes(1000)), ("a.bin", b"text"), ("a.txt", os.urandom(5000) + bytes(50))):
        (tmp_path / name).write_bytes(data)
        assert reason(reader, tmp_path / name) is Reason.UNSUPPORTED
    (tmp_path / "a.txt").write_text(" \n")
    assert reason(reader, tmp_path / "a.txt") is Reason.EMPTY
    assert reason(reader, tmp_path / "none.txt") is Reason.INACCESSIBLE
    (tmp_path / "folder.txt").mkdir()
    assert reason(reader, tmp_path / "folder.txt") is Reason.INACCESSIBLE
    os.mkfifo(tmp_path / "pipe.txt")
    assert reason(reader, tmp_path / "pipe.txt") is Reason.INACCESSIBLE


def test_a_process_that_dies(good: Path) -> None:
    with Reader() as reader:
        assert reader.read(good).text == TEXT
        process = reader._process
        assert process is not None
        process.send_signal(signal.SIGSEGV)
        process.wait()
        assert reason(reader, good) is Reason.DAMAGED
        assert reader.read(good).text == TEXT


def test_nothing_of_the_working_folder_is_imported(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "hashlib", "markdown_it", "charset_normalizer"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'planted')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    with Reader() as reader:
        assert reader.read(good).text == TEXT
    assert not (tmp_path / "planted").exists()


def test_closing(good: Path) -> None:
    reader = Reader()
    assert reader.read(good).text == TEXT
    process = reader._process
    assert isinstance(process, subprocess.Popen)
    reader.close()
    reader.close()
    assert process.poll() is not None
    with pytest.raises(ClosedError, match="closed"):
        reader.read(good)
