"""Tests of how the npm packages are laid out, with files that are not compiled."""

import json
import platform
import sys
from pathlib import Path

import pytest

from ci.common import Failure
from ci.packaging import typescript
from ci.packaging.typescript_check import as_commonjs, first_example


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a library and a module, in place of what CMake builds; the addon and dist/ are there as well."""
    binding = tmp_path / "binding"
    for name in ("dist", "native", "scripts"):
        (binding / name).mkdir(parents=True)
    for name in (
        "dist/index.js", "native/addon.cpp", "scripts/install.js", "scripts/build-native.js", "gpt4all.node",
        "catalogue.json", "LICENSE", "NOTICE",
    ):  # fmt: skip
        (binding / name).write_text("", encoding="ascii")
    for name in ("package.json", "README.md", "binding.gyp"):
        (binding / name).write_bytes((typescript.BINDING / name).read_bytes())
    monkeypatch.setattr(typescript, "BINDING", binding)
    monkeypatch.setattr(typescript, "ADDON", binding / "gpt4all.node")
    monkeypatch.setattr(typescript, "STAGED", tmp_path / "staged")
    monkeypatch.setattr(typescript, "npm_pack", lambda folder, into: into / folder.name)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("libllmodel.so", "libggml-cpu-haswell.so", "unit_tests"):
        (folder / name).write_text("", encoding="ascii")
    return folder


def test_the_packages_name_each_other_and_have_their_files(library: Path, tmp_path: Path) -> None:
    typescript.pack(library, tmp_path / "dist")
    main, machine = tmp_path / "staged" / "main", tmp_path / "staged" / "platform"
    content = json.loads((main / "package.json").read_text(encoding="utf-8"))
    own = json.loads((machine / "package.json").read_text(encoding="utf-8"))
    assert content["optionalDependencies"][own["name"]] == own["version"] == content["version"]
    assert content["scripts"] == {"install": "node scripts/install.js"} and "devDependencies" not in content
    assert all((main / name).exists() for name in [*content["files"], "README.md"])
    assert (own["name"], own["os"], own["cpu"], own["libc"]) == (
        "@gpt4all/linux-arm64", ["linux"], ["arm64"], ["glibc"],
    )  # fmt: skip
    files = sorted(str(path.relative_to(machine)) for path in machine.rglob("*") if path.is_file())
    assert files == [
        "LICENSE", "NOTICE", "gpt4all.node", "lib/libggml-cpu-haswell.so", "lib/libllmodel.so", "package.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lacking", "said"),
    [("binding/dist/index.js", "dist"), ("binding/gpt4all.node", "addon"), ("bin/libllmodel.so", "libllmodel")],
)
def test_what_is_not_compiled_is_named(library: Path, tmp_path: Path, lacking: str, said: str) -> None:
    (tmp_path / lacking).unlink()
    with pytest.raises(Failure, match=said):
        typescript.pack(library, tmp_path / "dist")


def test_another_version_is_refused(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "binding" / "package.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "version": "0.0.1"}), encoding="utf-8")
    with pytest.raises(Failure, match=r"says version 0\.0\.1, VERSION says"):
        typescript.pack(library, tmp_path / "dist")


def test_there_is_no_package_for_musl(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with pytest.raises(Failure, match="glibc"):
        typescript.pack(library, tmp_path / "dist")


def test_the_first_example_becomes_commonjs() -> None:
    code = as_commonjs(first_example())
    assert code.startswith('const { load } = require("gpt4all");\n(async () => {') and "import" not in code
