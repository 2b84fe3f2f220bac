"""What `make release-dry-run` finds left to do."""

from __future__ import annotations

import io
import json
import platform
import tarfile
import zipfile
from pathlib import Path

import pytest

from ci import files
from ci.common import Failure, sha256_of
from ci.packaging import golang, natives, release

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
        archive.writestr("gpt4all/_app/static/index.html", "<!doctype html>")
    found = release.check_package(wheel)
    assert wrong in found and bool(found) == bool(wrong)


def test_a_package_without_the_pages_is_found(root: Path) -> None:
    wheel = root / "gpt4all-3.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("gpt4all-3.1.0.dist-info/METADATA", "Name: gpt4all\nVersion: 3.1.0\n")
    assert "lacks the pages of the chat application" in release.check_package(wheel)


def test_a_training_package_without_its_template_is_found(root: Path) -> None:
    wheel = root / "gpt4all_training-3.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("gpt4all_training-3.1.0.dist-info/METADATA", "Name: gpt4all-training\nVersion: 3.1.0\n")
    assert release.check_package(wheel) == "lacks the template of curate's report"
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("gpt4all_training/curate/report.html.jinja", "")
    assert release.check_package(wheel) == ""


@pytest.mark.parametrize("told", ["3.1.0", "3.0.9"])
def test_an_npm_package_of_another_version_is_found(root: Path, told: str) -> None:
    package = root / "gpt4all.tgz"
    content = json.dumps({"name": "gpt4all", "version": told}).encode()
    with tarfile.open(package, "w:gz") as tar:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    assert (release.npm_version(package) == "") == (told == "3.1.0")


def test_a_jar_without_classes_is_found(root: Path) -> None:
    jar = root / "gpt4all-3.1.0.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "")
    assert release.jar_content(jar) == "it is empty"
    with zipfile.ZipFile(jar, "a") as archive:
        archive.writestr("module-info.class", "")
    assert release.jar_content(jar) == ""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "gpt4all-3.1.0-py3-none-linux.whl"
    with zipfile.ZipFile(path, "w") as archive:
        names = ("libllmodel.so", "libggml-cpu-haswell.so", "libggml-rpc.so", "notes.txt")
        for name in (*(f"lib/{name}" for name in names), "__init__.py"):
            archive.writestr(f"gpt4all/{name}", name)
    return path


def test_other_packages_take_the_library_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "libggml-cpu-old.so").write_text("of another build")
    natives.unpack_wheel(wheel, folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "libggml-cpu-haswell.so",
        "libggml-rpc.so",
        "libllmodel.so",
    ]
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("gpt4all/__init__.py", "")
    with pytest.raises(Failure, match=r"no libllmodel\.so"):
        natives.unpack_wheel(wheel, folder)


def test_the_go_module_knows_the_wheels_of_its_release(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "RELEASE", tmp_path / "library_release.json")
    golang.RELEASE.write_text('{"version": "3.0.0", "libraries": {"linux/arm64": {"url": "of the release before"}}}')
    for machine in ("aarch64", "x86_64"):
        monkeypatch.setattr(platform, "machine", lambda machine=machine: machine)
        golang.write_release(wheel, "3.1.0", tmp_path)
    written = json.loads(golang.RELEASE.read_text())
    source = {"url": f"{golang.RELEASES}/v3.1.0/{wheel.name}", "sha256": sha256_of(wheel)}
    assert written == {"version": "3.1.0", "libraries": {"linux/amd64": source, "linux/arm64": source}}
