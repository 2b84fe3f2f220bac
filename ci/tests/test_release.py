"""What `make release-dry-run` finds left to do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ci import files
from ci.packaging import release

HEAD = "# Changelog\n\n## [Unreleased]\n\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (files, release):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "VERSION").write_text("3.1.0\n")
    return tmp_path


def test_the_changelog_needs_the_version_with_its_date_and_nothing_unreleased(root: Path) -> None:
    path = root / "CHANGELOG.md"
    path.write_text(HEAD + "- Something\n\n## [3.0.0] - 2026-01-01\n")
    assert "no heading '## [3.1.0]" in release.changelog()
    path.write_text(HEAD + "- Something\n\n## [3.1.0] - 2026-02-03\n\n- Other\n")
    assert "under [Unreleased]" in release.changelog()
    path.write_text(HEAD + "## [3.1.0] - 2026-02-03\n\n- Other\n")
    assert release.changelog() == ""


@pytest.mark.parametrize("file", ["package.json", "package-lock.json"])
def test_a_binding_with_another_version_is_named(root: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    binding = root / "gpt4all-bindings" / "typescript"
    binding.mkdir(parents=True)
    name = f"gpt4all-bindings/typescript/{file}"
    monkeypatch.setattr(release, "our_files", lambda pattern: [name] if pattern.endswith(f"/{file}") else [])
    (root / name).write_text('{\n  "name": "gpt4all",\n  "version": "3.0.9"\n}\n')
    assert release.other_versions() == f"{name} says 3.0.9, VERSION says 3.1.0"
    (root / name).write_text('{\n  "name": "gpt4all",\n  "version": "3.1.0"\n}\n')
    assert release.other_versions() == ""


@pytest.mark.parametrize(
    ("told", "wrong"), [("3.1.0", ""), ("3.0.9", "says version 3.0.9"), ("", "says version (none)")]
)
def test_a_package_of_another_version_is_found(root: Path, told: str, wrong: str) -> None:
    wheel = root / "gpt4all-3.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("gpt4all-3.1.0.dist-info/METADATA", f"Name: gpt4all\nVersion: {told}\n" if told else "")
    found = release.check_package(wheel)
    assert wrong in found and bool(found) == bool(wrong)
