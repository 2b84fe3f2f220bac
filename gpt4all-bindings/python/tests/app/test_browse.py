"""Looking into folders: nowhere but in the home folder and in those that were named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpt4all._app.files.browse import browse, resolved, roots
from gpt4all._server.errors import RequestError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home"
    (path / "notes" / "old").mkdir(parents=True)
    (path / "notes" / "a.txt").write_text("a")
    (path / "notes" / ".hidden").write_text("x")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_text("key")
    (tmp_path / "home2").mkdir()  # whose name begins as the other's does
    (path / "leads-out").symlink_to(tmp_path / "secret")
    (path / "inside").symlink_to(path / "notes")
    (path / "circle").symlink_to(path / "circle")
    monkeypatch.setenv("HOME", str(path))
    return path


def code(path: str, allowed: list[Path]) -> tuple[int, str | None]:
    with pytest.raises(RequestError) as caught:
        browse(path, allowed)
    return caught.value.failure.status, caught.value.failure.code


def test_what_is_shown(home: Path) -> None:
    shown = browse(None, roots([]))
    assert (shown.path, shown.parent, shown.roots) == (str(home), None, [str(home)])
    assert [(entry.name, entry.folder) for entry in shown.entries] == [("inside", True), ("notes", True)]
    below = browse(str(home / "notes"), roots([]))
    assert [(entry.name, entry.folder, entry.size) for entry in below.entries] == [
        ("old", True, None),
        ("a.txt", False, 1),
    ]
    assert below.parent == str(home)
    assert browse(str(home / "inside"), roots([])).path == str(home / "notes")
    assert browse("~/notes", roots([])).path == str(home / "notes")


@pytest.mark.parametrize(
    "path",
    ["/", "/etc", "{home}/..", "{home}/notes/../../secret", "{home}/leads-out", "{home}/leads-out/..", "{home}2"],
)
def test_nothing_outside(home: Path, path: str) -> None:
    assert code(path.format(home=home), roots([])) == (403, "outside_of_roots")


@pytest.mark.parametrize("path", ["/etc/no-such-file", "{home}/../secret/none"])
def test_it_is_not_told_whether_something_is_outside(home: Path, path: str) -> None:
    assert code(path.format(home=home), roots([])) == (403, "outside_of_roots")


def test_what_cannot_be_opened(home: Path) -> None:
    allowed = roots([])
    assert code(str(home / "none"), allowed) == (404, "not_found")
    assert code(str(home / "circle"), allowed) == (404, "not_found")
    assert code(f"{home}/a\0b", allowed) == (404, "not_found")
    assert code("notes", allowed) == (400, "invalid_request")
    assert code(str(home / "notes" / "a.txt"), allowed) == (400, "not_a_folder")


def test_further_folders(home: Path, tmp_path: Path) -> None:
    allowed = roots([str(tmp_path / "secret"), str(tmp_path / "none"), "relative"])
    assert allowed == [home, tmp_path / "secret"]
    assert resolved(str(tmp_path / "secret" / "key.txt"), allowed) == tmp_path / "secret" / "key.txt"
    assert resolved(str(home / "leads-out" / "key.txt"), allowed) == tmp_path / "secret" / "key.txt"
    assert [entry.name for entry in browse(None, allowed).entries] == ["inside", "leads-out", "notes"]


def test_a_folder_that_can_be_none_leaves_the_others(home: Path, tmp_path: Path) -> None:
    allowed = roots(["~nobody-of-this-name/x", "a\0b", "relative", str(tmp_path / "gone"), str(tmp_path / "secret")])
    assert allowed == [home, tmp_path / "secret"]
